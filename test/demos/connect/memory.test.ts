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
import { startConnect } from "./connect-process.js";

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

describe.skipIf(process.platform !== "linux")("memory (counted by /proc, which Linux has)", () => {
  test("a huge file and a peer that reads nothing: little of it is read", async () => {
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
    // It goes on where it stopped as soon as the peer reads.
    const buffer = Buffer.alloc(MIB);
    for (let total = 0; total < 4 * MIB; ) {
      const n = peer.recv(buffer);
      if (n === WOULD_BLOCK) await turn();
      else total += n;
    }
    while (read() === last) await turn();
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
