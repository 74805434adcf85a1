/** The page's connection: when it comes back, and that it notices silence. With a clock of its own. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type ConnectionModule,
  loadModule,
  type Connection as PageConnection,
} from "./page-modules.js";

const { Connection, RETRY_LAST_MS, retryDelayMs, SUBPROTOCOL } =
  await loadModule<ConnectionModule>("connection");

/** A browser's WebSocket as far as the page sees it. */
class FakeSocket {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1) as FakeSocket;
  }
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: string[] = [];
  isClosed = false;
  readonly url: string;
  readonly protocol: string;

  constructor(url: string, protocol: string) {
    this.url = url;
    this.protocol = protocol;
    FakeSocket.all.push(this);
  }

  send(line: string): void {
    this.sent.push(line);
  }

  close(): void {
    this.isClosed = true;
  }
}

const told: string[] = [];
let connection: PageConnection;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.all = [];
  told.length = 0;
  connection = new Connection("ws://chat.example/irc", {
    onState: () => told.push(connection.state),
    onOpen: () => told.push("onOpen"),
    onLine: (line) => told.push(line),
    onLost: () => told.push("onLost"),
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("pauses double up to a limit, and are never the same for all", () => {
  expect(retryDelayMs(0, 0)).toBe(500);
  expect(retryDelayMs(0, 1)).toBe(1000);
  expect(retryDelayMs(3, 1)).toBe(8000);
  for (const failures of [5, 10, 1000, 1e9]) {
    expect(retryDelayMs(failures, 0)).toBe(RETRY_LAST_MS / 2);
    expect(retryDelayMs(failures, 1)).toBe(RETRY_LAST_MS);
  }
});

test("it speaks the protocol of text, and says what becomes of it", () => {
  connection.open();
  connection.open(); // is under way
  expect(FakeSocket.all).toHaveLength(1);
  expect(FakeSocket.last).toMatchObject({ url: "ws://chat.example/irc", protocol: SUBPROTOCOL });
  expect(connection.send("too early")).toBe(false);
  FakeSocket.last.onopen?.();
  FakeSocket.last.onmessage?.({ data: "PING :x" });
  FakeSocket.last.onmessage?.({ data: new ArrayBuffer(3) });
  expect(connection.send("PONG :x")).toBe(true);
  expect(FakeSocket.last.sent).toEqual(["PONG :x"]);
  expect(told).toEqual(["connecting", "open", "onOpen", "PING :x"]);
});

test("a lost connection is tried again later each time, and at once when it lasted", () => {
  vi.spyOn(Math, "random").mockReturnValue(1);
  connection.open();
  for (const delayMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    FakeSocket.last.onclose?.();
    expect(connection.state).toBe("waiting");
    expect(connection.retryAt).toBe(Date.now() + delayMs);
    const tried = FakeSocket.all.length;
    vi.advanceTimersByTime(delayMs - 1);
    expect(FakeSocket.all).toHaveLength(tried);
    vi.advanceTimersByTime(1);
    expect(FakeSocket.all).toHaveLength(tried + 1);
  }
  FakeSocket.last.onopen?.();
  connection.settle();
  FakeSocket.last.onclose?.(); // it has not lasted
  expect(connection.retryAt).toBe(Date.now() + 30_000);
  connection.retry();
  FakeSocket.last.onopen?.();
  connection.settle();
  vi.advanceTimersByTime(20_000);
  FakeSocket.last.onclose?.();
  expect(connection.retryAt).toBe(Date.now() + 1000);
});

test("one that is silent is asked, and left if it does not answer", () => {
  connection.open();
  FakeSocket.last.onopen?.();
  const first = FakeSocket.last;
  vi.advanceTimersByTime(59_999);
  expect(first.sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(first.sent).toEqual(["PING :still-there"]);
  first.onmessage?.({ data: "PONG" });
  vi.advanceTimersByTime(60_000 + 19_999);
  expect(connection.state).toBe("open");
  vi.advanceTimersByTime(1);
  expect(connection.state).toBe("waiting");
  expect(first.isClosed).toBe(true);
  expect(first.onclose).toBeNull(); // its end comes later, and is nobody's affair
});

test("a connection that never comes about is given up, too", () => {
  connection.open();
  vi.advanceTimersByTime(20_000);
  expect(connection.state).toBe("waiting");
});

test("who closes it is left alone", () => {
  connection.open();
  FakeSocket.last.onopen?.();
  connection.close();
  vi.advanceTimersByTime(1e6);
  connection.retry();
  expect(FakeSocket.all).toHaveLength(1);
  expect(connection.state).toBe("closed");
  expect(told).not.toContain("onLost");
  connection.open();
  FakeSocket.last.onclose?.();
  connection.close(); // while it waits
  vi.advanceTimersByTime(1e6);
  expect(FakeSocket.all).toHaveLength(2);
});
