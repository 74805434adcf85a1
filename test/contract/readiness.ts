/** What counts as ready, and what the kernel says besides: the facts the floors above rely on. */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, Socket, systemKernel } from "../../src/index.js";
import { fill, read, resetOnClose, send, shutdownWrite, takeError } from "../support/raw.js";
import { refusedConnection, tcpClient, tcpPair } from "../support/tcp.js";
import { type Contract, elapsedMs, LONG_MS, readyBits, WAIT_MS } from "./contract.js";
import type { Situation } from "./facts.js";

const BOTH = EVENT_READ | EVENT_WRITE;

export function readinessContract(contract: Contract): void {
  describe("readiness", () => basics(contract));
  describe("a peer that goes away", () => peers(contract));
  describe("pipes", () => pipes(contract));
  describe("flags", () => flags(contract));
}

function basics(contract: Contract): void {
  test("an idle pair: only the writer is ready (T22)", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ);
    const key = selector.register(right, EVENT_WRITE);
    expect(selector.select()).toEqual([{ key, events: EVENT_WRITE, flags: 0 }]);
  });

  test("both directions come in one entry (T23, divergence E)", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    const key = selector.register(left, BOTH);
    send(right.fileno());
    expect(selector.select()).toEqual([{ key, events: BOTH, flags: 0 }]);
  });

  test("each select() answers fresh objects", () => {
    const selector = contract.open();
    const [left] = contract.pair();
    selector.register(left, EVENT_WRITE);
    const first = selector.select(0);
    const second = selector.select(0);
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
    expect(second[0]).not.toBe(first[0]);
  });

  test("a listener is readable when there is a connection to accept", () => {
    const selector = contract.open();
    const listener = contract.keep(Socket.listenTcp({ host: "127.0.0.1", port: 0 }));
    selector.register(listener, EVENT_READ);
    expect(selector.select(0)).toEqual([]);
    contract.keepRaw(tcpClient(listener));
    expect(selector.select(LONG_MS)).toHaveLength(1);
    contract.keep(listener.accept() as Socket);
    expect(selector.select(0)).toEqual([]);
  });

  test("a full writer is not writable until its peer reads", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    fill(left);
    selector.register(left, EVENT_WRITE);
    expect(selector.select(0)).toEqual([]);
    while (read(right) !== undefined);
    expect(selector.select(LONG_MS)).toHaveLength(1);
  });

  test("a refused connection is ready for either interest, and its error is read once", () => {
    for (const interest of [EVENT_READ, EVENT_WRITE, BOTH]) {
      const selector = contract.open();
      const client = contract.keepRaw(refusedConnection());
      selector.register(client, interest);
      expect(readyBits(selector, LONG_MS).get(client)).toBe(interest);
      expect(takeError(client)).toBeGreaterThan(0);
      expect(takeError(client)).toBe(0);
    }
  });

  test.skipIf(process.platform !== "linux")(
    "a fresh TCP socket is ready both ways on Linux, for it is hung up",
    () => {
      const selector = contract.open();
      const socket = contract.keep(Socket.tcp());
      selector.register(socket, BOTH);
      expect(readyBits(selector).get(socket.fileno())).toBe(BOTH);
    },
  );

  test("twelve pairs, one message each: only the mate of the sender is readable (T26)", () => {
    const selector = contract.open<number>();
    const pairs = Array.from({ length: 12 }, () => contract.rawPair());
    for (const [i, [reader, writer]] of pairs.entries()) {
      selector.register(reader, EVENT_READ, i);
      selector.register(writer, EVENT_WRITE, i);
    }
    const left = new Set(pairs.keys());
    while (left.size > 0) {
      const writable = selector.select(0).filter(({ events }) => events === EVENT_WRITE);
      expect(new Set(writable.map(({ key }) => key.data))).toEqual(left);
      const chosen = writable[Math.floor(Math.random() * writable.length)]?.key.data as number;
      const [reader, writer] = pairs[chosen] as [number, number];
      send(writer, "sixteen bytes ok");
      const readable = selector.select(LONG_MS).filter(({ events }) => events === EVENT_READ);
      expect(readable.map(({ key }) => key.fd)).toEqual([reader]);
      expect(read(reader, 16)).toBe("sixteen bytes ok");
      selector.unregister(reader);
      selector.unregister(writer);
      left.delete(chosen);
    }
    expect(selector.select(0)).toEqual([]);
  });
}

function peers(contract: Contract): void {
  test.each([EVENT_READ, EVENT_WRITE, BOTH])(
    "that closed is reported within the interest, here %s",
    (interest) => {
      const selector = contract.open();
      const [left, right] = contract.rawPair();
      selector.register(left, interest);
      contract.closeRaw(right);
      expect(readyBits(selector).get(left)).toBe(interest);
    },
  );

  test("wakes a reader and a full writer, not before it closes (libevent 47)", () => {
    const selector = contract.open();
    const [reader, readerPeer] = contract.rawPair();
    const [writer, writerPeer] = contract.rawPair();
    fill(writer);
    selector.register(reader, EVENT_READ);
    selector.register(writer, EVENT_WRITE);
    expect(selector.select(0)).toEqual([]);
    contract.closeRaw(readerPeer);
    contract.closeRaw(writerPeer);
    expect(readyBits(selector)).toEqual(
      new Map([
        [reader, EVENT_READ],
        [writer, EVENT_WRITE],
      ]),
    );
  });

  test("after data: the data is readable first, then the end, again and again (libevent 55)", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ);
    send(right, "last words");
    contract.closeRaw(right);
    expect(readyBits(selector).get(left)).toBe(EVENT_READ);
    expect(read(left)).toBe("last words");
    for (let i = 0; i < 3; i++) {
      expect(readyBits(selector).get(left)).toBe(EVENT_READ);
      expect(read(left)).toBe("");
    }
  });

  test("half-closed while we cannot write: no spin, no early return (libevent 58)", () => {
    const selector = contract.open();
    const listener = contract.keep(Socket.listenTcp({ host: "127.0.0.1", port: 0 }));
    const [client, server] = tcpPair(listener);
    contract.keepRaw(client);
    contract.keepRaw(server);
    fill(client);
    selector.register(client, EVENT_WRITE);
    shutdownWrite(server);
    const waitsBefore = selector.stats().waits;
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
    expect(selector.stats().waits - waitsBefore).toBeLessThanOrEqual(2);
  });

  test("a writer whose peer closed is writable, and learns it by writing (libevent 55)", () => {
    const selector = contract.open();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_WRITE);
    contract.closeRaw(right);
    expect(readyBits(selector).get(left)).toBe(EVENT_WRITE);
    expect(systemKernel.send(left, new Uint8Array(1), 0, 1, 0)).toBeLessThan(0);
  });
}

function pipes(contract: Contract): void {
  test("the write end is writable, and still is when the reader is gone", () => {
    const selector = contract.open();
    const [reader, writer] = contract.pipe();
    selector.register(writer, EVENT_WRITE);
    expect(readyBits(selector).get(writer)).toBe(EVENT_WRITE);
    fill(writer);
    expect(selector.select(0)).toEqual([]);
    contract.closeRaw(reader);
    expect(readyBits(selector).get(writer)).toBe(EVENT_WRITE);
  });

  test("the read end is readable with data, and when the writer is gone", () => {
    const selector = contract.open();
    const [reader, writer] = contract.pipe();
    selector.register(reader, EVENT_READ);
    expect(selector.select(0)).toEqual([]);
    send(writer);
    expect(readyBits(selector).get(reader)).toBe(EVENT_READ);
    read(reader);
    expect(selector.select(0)).toEqual([]);
    contract.closeRaw(writer);
    expect(readyBits(selector).get(reader)).toBe(EVENT_READ);
  });

  test.skipIf(contract.facts.hangupIsWritable === null)(
    "the read end for writing, the writer gone: as the backend has it",
    () => {
      const selector = contract.open();
      const [reader, writer] = contract.pipe();
      selector.register(reader, EVENT_WRITE);
      contract.closeRaw(writer);
      expect(readyBits(selector).has(reader)).toBe(contract.facts.hangupIsWritable);
    },
  );
}

/** Brings a situation about; answers the descriptor that sees it. */
const SITUATIONS: Readonly<Record<Situation, (contract: Contract) => number>> = {
  "peer closed its unix socket"(contract) {
    const [left, right] = contract.rawPair();
    contract.closeRaw(right);
    return left;
  },
  "peer sent FIN and still reads"(contract) {
    const [client, server] = tcpEnds(contract);
    shutdownWrite(server);
    return client;
  },
  "peer reset the connection"(contract) {
    const [client, server] = tcpEnds(contract);
    resetOnClose(server);
    contract.closeRaw(server);
    return client;
  },
  "connection refused"(contract) {
    return contract.keepRaw(refusedConnection());
  },
  "last writer of a pipe is gone"(contract) {
    const [reader, writer] = contract.pipe();
    contract.closeRaw(writer);
    return reader;
  },
  "last reader of a pipe is gone"(contract) {
    const [reader, writer] = contract.pipe();
    contract.closeRaw(reader);
    return writer;
  },
};

function tcpEnds(contract: Contract): [number, number] {
  const listener = contract.keep(Socket.listenTcp({ host: "127.0.0.1", port: 0 }));
  const [client, server] = tcpPair(listener);
  return [contract.keepRaw(client), contract.keepRaw(server)];
}

function flags(contract: Contract): void {
  const situations = Object.keys(SITUATIONS) as Situation[];
  const known = situations.filter((name) => contract.facts.flags[name] !== null);

  test.each(known)("%s (divergence F)", (situation) => {
    const selector = contract.open();
    const fd = SITUATIONS[situation](contract);
    // READ is the interest that sees an end; a pipe's write end has no other than WRITE.
    const interest = situation === "last reader of a pipe is gone" ? EVENT_WRITE : EVENT_READ;
    selector.register(fd, interest);
    const [event] = selector.select(LONG_MS);
    expect(event).toMatchObject({ key: { fd }, events: interest });
    expect(event?.flags).toBe(contract.facts.flags[situation]);
  });

  test("are 0 for data and for room", () => {
    const selector = contract.open();
    const [left, right] = contract.pair();
    selector.register(left, BOTH);
    send(right.fileno());
    expect(selector.select(0)).toMatchObject([{ events: BOTH, flags: 0 }]);
    expect(selector.dispatch(0, (_key, _events, flags) => expect(flags).toBe(0))).toBe(1);
  });
}
