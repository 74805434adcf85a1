/**
 * What `--verbose` says of a connection, in both orders of closing. The peer is a `Socket` that does
 * nothing by itself, with the smallest receive buffer there is: so what the kernel passes through in
 * no time on loopback can be made to last.
 */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { SO_RCVBUF, Socket, WOULD_BLOCK } from "../../../src/index.js";
import { startEcho } from "../cli-process.js";
import { type RunningConnect, startConnect, statesOf } from "./connect-process.js";

/** More than the peer has room for, and less than our kernel has: it is written, but not sent. */
const STUCK = Buffer.alloc(8 * 1024, "x");

interface Meeting {
  readonly running: RunningConnect;
  readonly peer: Socket;
  readonly address: string;
}

/** A connection of the command's with a peer that does nothing. */
async function meet(args: readonly string[] = ["--verbose"]): Promise<Meeting> {
  const listener = Socket.listenTcp();
  listener.setOption(SO_RCVBUF, 1); // the accepted ones inherit it
  const { port } = listener.localAddress as { port: number };
  const running = startConnect([...args, String(port)]);
  onTestFinished(() => listener.close());
  await running.log.said(/^ESTABLISHED /);
  const peer = listener.accept();
  if (peer === undefined) throw new Error("Nobody to accept");
  onTestFinished(() => peer.close());
  return { running, peer, address: `127.0.0.1:${port}` };
}

/** Reads until nothing is left, and our FIN has come. */
async function readToEnd(peer: Socket): Promise<number> {
  const buffer = Buffer.alloc(64 * 1024);
  for (let total = 0; ; ) {
    const n = peer.recv(buffer);
    if (n === 0) return total;
    if (n === WOULD_BLOCK) await turn();
    else total += n;
  }
}

describe("connect --verbose", () => {
  test("says the states of who closes first", async () => {
    const { running, peer, address } = await meet();
    running.input.end(STUCK);
    await running.log.said(/^FIN_WAIT1 /); // our FIN waits behind what the peer does not read
    expect(await readToEnd(peer)).toBe(STUCK.length);
    await running.log.said(/^FIN_WAIT2 /); // the peer's kernel has acknowledged it; no event says so
    peer.send(Buffer.from("bye"));
    peer.shutdown("write");
    expect(await running.ended).toEqual({ status: 0, signal: null });
    expect(running.log.lines).toEqual([
      `ESTABLISHED ${address}`,
      `FIN_WAIT1 ${address}`,
      `FIN_WAIT2 ${address}`,
      `CLOSED ${address}: end of stream`,
      expect.stringMatching(/^8192 bytes sent, 3 received, round trip \d+\.\d{3} ms$/),
    ]);
  });

  test("says the states of who closes last", async () => {
    const { running, peer, address } = await meet();
    running.input.write(STUCK);
    while (peer.receiveQueueBytes === 0) await turn();
    peer.shutdown("write");
    expect(await running.ended).toEqual({ status: 0, signal: null });
    expect(running.log.lines).toEqual([
      `ESTABLISHED ${address}`,
      `CLOSE_WAIT ${address}`,
      `LAST_ACK ${address}`,
      `CLOSED ${address}: end of stream`,
      expect.stringMatching(/^8192 bytes sent, 0 received, round trip /),
    ]);
  });

  test("says who is passive for long: CLOSE_WAIT", async () => {
    const { running, peer } = await meet(["--verbose", "--half-open"]);
    peer.shutdown("write");
    await running.log.said(/^CLOSE_WAIT /);
    running.input.end();
    expect(await running.ended).toEqual({ status: 0, signal: null });
    const states = statesOf(running).filter((state) => state !== "LAST_ACK"); // if it lasted
    expect(states).toEqual(["ESTABLISHED", "CLOSE_WAIT", "CLOSED"]);
  });

  test("says why it broke", async () => {
    const { running, peer, address } = await meet();
    running.input.write(STUCK);
    while (peer.receiveQueueBytes === 0) await turn();
    peer.close(); // with unread bytes: RST
    expect(await running.ended).toEqual({ status: 1, signal: null });
    expect(running.log.lines.slice(0, 2)).toEqual([
      `ESTABLISHED ${address}`,
      `CLOSED ${address}: ECONNRESET`,
    ]);
    expect(running.log.lines.at(-1)).toMatch(/^socket-reactor: the peer reset the connection/);
  });

  test("says which signal ended it", async () => {
    const { running, address } = await meet();
    running.child.kill("SIGINT");
    expect(await running.ended).toEqual({ status: null, signal: "SIGINT" });
    expect(running.log.lines.slice(0, 2)).toEqual([
      `ESTABLISHED ${address}`,
      `CLOSED ${address}: SIGINT`,
    ]);
  });

  test("says SYN_SENT while nobody answers, and that it was given up", async () => {
    // One connection waits to be accepted, and there is room for one: the next SYN is dropped.
    const listener = Socket.listenTcp({ backlog: 0 });
    const first = Socket.tcp();
    onTestFinished(() => {
      for (const socket of [listener, first]) socket.close();
    });
    const { port } = listener.localAddress as { port: number };
    const address = `127.0.0.1:${port}`;
    first.connect({ address: "127.0.0.1", port });
    const running = startConnect(["-v", "-w", "0.2", String(port)]);
    expect(await running.ended).toEqual({ status: 1, signal: null });
    expect(running.log.lines).toEqual([
      `SYN_SENT ${address}`,
      `CLOSED ${address}: given up`,
      `socket-reactor: no connection to ${address} within 0.2 s`,
    ]);
  });

  test("says the addresses of a name, and which of them refuse", async () => {
    const holder = Socket.tcp();
    onTestFinished(() => holder.close());
    holder.bind({ address: "127.0.0.1", port: 0 });
    const { port } = holder.localAddress as { port: number };
    const running = startConnect(["-v", `localhost:${port}`]);
    expect(await running.ended).toEqual({ status: 1, signal: null });
    expect(running.log.lines[0]).toMatch(/^localhost is (127\.0\.0\.1|::1)(, |$)/);
    expect(running.log.lines).toContain(`CLOSED 127.0.0.1:${port}: ECONNREFUSED`);
    expect(running.log.lines.at(-1)).toContain(`nobody listens at localhost:${port}`);
  });

  test("is in colour where that is forced, and only the states are", async () => {
    const { port } = await startEcho([]);
    const stdin = "ignore";
    const forced = startConnect(["-v", String(port)], { stdin, env: { FORCE_COLOR: "1" } });
    const plain = startConnect(["-v", String(port)], { stdin });
    await Promise.all([forced.ended, plain.ended]);
    const green = "\x1b[32mESTABLISHED\x1b[39m";
    expect(forced.log.lines[0]).toBe(`${green} 127.0.0.1:${port}`);
    expect(plain.log.lines[0]).toBe(`ESTABLISHED 127.0.0.1:${port}`);
  });

  test("writes nothing of it to standard output", async () => {
    const { port } = await startEcho([]);
    const running = startConnect(["-v", String(port)]);
    let text = "";
    running.output.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    running.input.end("hello\n");
    expect(await running.ended).toEqual({ status: 0, signal: null });
    expect(text).toBe("hello\n");
    expect(running.log.lines.at(-1)).toMatch(/^6 bytes sent, 6 received, round trip /);
  });
});
