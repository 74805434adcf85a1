/**
 * Who does not read is not read for: what `connect` holds is bounded, in both directions. Counted is
 * what the process has read: of a file by its offset, of a connection by what the kernel took from
 * the peer.
 *
 * The clock is the other direction, which goes on: a round trip through the process shows that it
 * had a turn, and read what it wanted to.
 */
import { once } from "node:events";
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { SO_RCVBUF, Socket, WOULD_BLOCK } from "../../../src/index.js";
import { outputOf, type RunningConnect, startConnect } from "./connect-process.js";

const MIB = 1024 * 1024;
const ROUND_TRIPS = 50;

/** Of ours: the stream's mark, a chunk of the input under way, one that waits, and as much again. */
const OURS_MAX = MIB;

/** What the kernel may keep for one socket. tcp(7), tcp_rmem and tcp_wmem */
function kernelMax(name: "tcp_rmem" | "tcp_wmem"): number {
  return Number(readFileSync(`/proc/sys/net/ipv4/${name}`, "utf8").trim().split(/\s+/)[2]);
}

/** A file of a GiB, of which nothing is on the disk. */
function hugeFile(): number {
  const folder = mkdtempSync(join(tmpdir(), "connect-"));
  const fd = openSync(join(folder, "huge"), "w+");
  ftruncateSync(fd, 1024 * MIB);
  onTestFinished(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });
  return fd;
}

function listening(): { readonly listener: Socket; readonly port: string } {
  const listener = Socket.listenTcp();
  onTestFinished(() => listener.close());
  listener.setOption(SO_RCVBUF, 1); // the accepted ones inherit it
  return { listener, port: String((listener.localAddress as { port: number }).port) };
}

async function accepted(listener: Socket): Promise<Socket> {
  for (;;) {
    const socket = listener.accept();
    if (socket !== undefined) {
      onTestFinished(() => socket.close());
      return socket;
    }
    await turn();
  }
}

interface Stuck {
  readonly running: RunningConnect;
  readonly peer: Socket;
  /** How much of its input it has read. */
  read(): number;
}

/** A process that sends a huge file to a peer which reads nothing, when it has stopped. */
async function stuck(): Promise<Stuck> {
  const { listener, port } = listening();
  const running = startConnect([port], { stdin: hugeFile() });
  const peer = await accepted(listener);
  const read = (): number => {
    const text = readFileSync(`/proc/${running.child.pid}/fdinfo/0`, "utf8");
    return Number(/^pos:\s*(\d+)/.exec(text)?.[1]);
  };
  while (read() < OURS_MAX / 4) await turn();
  let last = read();
  for (let n = 0; n < ROUND_TRIPS; n += 1) {
    peer.send(Buffer.from("x"));
    expect(String(await once(running.output, "data"))).toBe("x");
    if (read() !== last) n = 0; // it still goes on
    last = read();
    expect(last).toBeLessThan(kernelMax("tcp_wmem") + OURS_MAX);
  }
  return { running, peer, read };
}

/** Takes more than was there. */
async function readOn({ peer, read }: Stuck): Promise<void> {
  const before = read();
  const buffer = Buffer.alloc(MIB);
  for (let total = 0; total < before + MIB; ) {
    const n = peer.recv(buffer);
    if (n === 0) throw new Error(`Ended after ${total} bytes`);
    if (n === WOULD_BLOCK) await turn();
    else total += n;
  }
  expect(read()).toBeGreaterThan(before);
}

describe.skipIf(process.platform !== "linux")("memory (counted by /proc, which Linux has)", () => {
  test("a huge file and a peer that reads nothing: little is read until it does", async () => {
    await readOn(await stuck());
  });

  test("a peer that has ended, and reads late, is not taken for a silent input", async () => {
    const all = await stuck();
    all.peer.shutdown("write");
    // Patience would be over: that of another process is, which began later.
    const { listener, port } = listening();
    const impatient = startConnect([port]);
    (await accepted(listener)).shutdown("write");
    expect(await outputOf(impatient)).toHaveLength(0);
    await readOn(all);
  });

  test("a fast peer and an output that nobody reads: little of it is taken", async () => {
    const { listener, port } = listening();
    const running = startConnect([port]);
    const peer = await accepted(listener);
    const bytes = Buffer.alloc(MIB);
    const byte = Buffer.alloc(1);
    let sent = 0;
    for (let n = 0; n < ROUND_TRIPS; n += 1) {
      for (let taken = peer.send(bytes); taken > 0; taken = peer.send(bytes)) {
        sent += taken;
        n = 0; // it still goes on
      }
      expect(sent).toBeLessThan(kernelMax("tcp_wmem") + kernelMax("tcp_rmem") + OURS_MAX);
      running.input.write("x");
      while (peer.recv(byte) === WOULD_BLOCK) await turn();
    }
    peer.shutdown("write");
    // All of it is there, for whoever reads after all.
    let received = 0;
    for await (const chunk of running.output) received += (chunk as Buffer).length;
    expect(received).toBe(sent);
    expect(await running.ended).toEqual({ status: 0, signal: null });
  });
});
