import { once } from "node:events";
import { createServer, type Socket as NodeSocket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  createSelector,
  EVENT_READ,
  EVENT_WRITE,
  IN_PROGRESS,
  type IpAddress,
  Socket,
  TCP_USER_TIMEOUT,
  WOULD_BLOCK,
} from "../../src/index.js";
import { connectStalled, vanish, whyNoVanish } from "./vanish.js";

/** Only guards against a hang. */
const HANG_MS = 15_000;
const bytes = new Uint8Array(1000);

function track<T extends Disposable>(socket: T): T {
  onTestFinished(() => socket[Symbol.dispose]());
  return socket;
}

function listen(): { listener: Socket; address: IpAddress } {
  const listener = track(Socket.listenTcp());
  return { listener, address: listener.localAddress as IpAddress };
}

/** Connects and accepts, which on loopback needs no wait. */
function connection(): { client: Socket; server: Socket } {
  const { listener, address } = listen();
  const client = track(Socket.tcp());
  client.connect(address);
  return { client, server: track(listener.accept() as Socket) };
}

/** Waits for one event of the socket; false if the time passes. */
function isReady(
  socket: Socket,
  events: typeof EVENT_READ | typeof EVENT_WRITE,
  timeoutMs: number,
) {
  const selector = track(createSelector());
  selector.register(socket, events);
  return selector.select(timeoutMs).length > 0;
}

const reason = whyNoVanish();

describe.skipIf(reason !== undefined)(`vanish()${reason ? `: ${reason}` : ""}`, () => {
  test("nothing arrives any more, and nothing is acknowledged", () => {
    const { client, server } = connection();
    server.send(bytes);
    expect(isReady(client, EVENT_READ, HANG_MS)).toBe(true);
    client.recv(new Uint8Array(2000));
    vanish(client);
    expect(server.send(bytes)).toBe(bytes.length);
    expect(isReady(client, EVENT_READ, 50)).toBe(false);
    expect(server.sendQueueBytes).toBe(bytes.length);
    expect(server.state).toBe("ESTABLISHED");
    expect(server.recv(new Uint8Array(1))).toBe(WOULD_BLOCK);
  });

  test("not even a FIN or a reset is noticed", () => {
    const { client, server } = connection();
    vanish(client);
    server.close();
    expect(isReady(client, EVENT_READ, 50)).toBe(false);
    expect(client.state).toBe("ESTABLISHED");
  });

  test("the other side's own limit ends it, with ETIMEDOUT", () => {
    const { client, server } = connection();
    server.setOption(TCP_USER_TIMEOUT, 100);
    vanish(client);
    server.send(bytes);
    expect(isReady(server, EVENT_READ, HANG_MS)).toBe(true);
    expect(() => server.recv(new Uint8Array(1))).toThrow(
      expect.objectContaining({ code: "ETIMEDOUT" }),
    );
  });

  test("a listener that vanished is an address where nobody answers", () => {
    const { listener, address } = listen();
    vanish(listener);
    const client = track(Socket.tcp());
    expect(client.connect(address)).toBe(IN_PROGRESS);
    expect(isReady(client, EVENT_WRITE, 50)).toBe(false);
    expect(client.state).toBe("SYN_SENT");
  });
});

test("a stalled peer leaves bytes with us that its kernel has no room for, until it goes on", async () => {
  const server = createServer();
  onTestFinished(async () => {
    server.close();
    await once(server, "close");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const accepted = once(server, "connection");
  const peer = await connectStalled((server.address() as { port: number }).port);
  const [socket] = (await accepted) as [NodeSocket];
  // Node says that a write is done when the kernel has it; the rest waits for the peer to read.
  const total = 64 << 20;
  let isFlushed = false;
  socket.end(Buffer.alloc(total), () => {
    isFlushed = true;
  });
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(isFlushed).toBe(false);
  peer.resume();
  expect(await peer.bytesRead).toBe(total);
});
