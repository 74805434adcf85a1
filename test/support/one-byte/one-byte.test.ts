import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runChild } from "../child.js";
import {
  type OneByteOptions,
  type OneByteReport,
  oneByteEnvironment,
  readReport,
  whyNoOneByte,
} from "./environment.js";

const reason = whyNoOneByte();

/** Runs the lines with a pair of sockets of each type; what they print, and what was done to them. */
async function run(
  lines: string,
  options: OneByteOptions = {},
): Promise<{ said: unknown; report: OneByteReport }> {
  const folder = mkdtempSync(join(tmpdir(), "one-byte-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const report = join(folder, "report.json");
  const source = `
    import { Socket, systemKernel as kernel } from "socket-reactor";
    const [a, b] = Socket.pair();
    const hello = Buffer.from("hello");
    const room = Buffer.alloc(100);
    const say = (value) => console.log(JSON.stringify(value));
    ${lines}`;
  const env = oneByteEnvironment({ ...options, report });
  const { code, stdout, stderr } = await runChild(source, undefined, env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return { said: JSON.parse(stdout), report: readReport(report) };
}

describe.skipIf(reason !== undefined)(`one byte at a time${reason ? `: ${reason}` : ""}`, () => {
  test("every call of a stream socket moves one byte", async () => {
    const { said, report } = await run(`
      const file = (await import("node:fs")).openSync("package.json");
      say([
        [a.send(hello), b.recv(room)],
        [kernel.write(a.fileno(), hello, 0, 5), kernel.read(b.fileno(), room, 0, 100)],
        [a.sendmsg([hello, hello]), b.recvmsg(room).bytes],
        [kernel.sendfile(a.fileno(), file, 0, 5), b.recvfrom(room).bytes],
      ]);`);
    expect(said).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(report).toEqual({ calls: 8, cuts: 8, failures: 0 });
  });

  test("or as many as asked for, over the ends of buffers", async () => {
    const { said } = await run(
      `say([a.send(hello), a.sendmsg([hello, hello, hello]), b.recv(room), b.recv(room),
        b.recv(room), room.toString("utf8", 0, 5)]);`,
      { cutBytes: 7 },
    );
    expect(said).toEqual([5, 7, 7, 5, -11, "llohe"]);
  });

  test("descriptors go along with the first byte", async () => {
    const { said } = await run(`
      const sent = kernel.sendmsg(a.fileno(), [hello], 0, undefined, rights(a.fileno()));
      const { bytes, control } = b.recvmsg(room, { controlBytes: 64 });
      say([sent, bytes, control.length]);
      function rights(fd) {
        const { SOL_SOCKET, SCM_RIGHTS } = kernel.constants;
        return new Uint8Array(Int32Array.of(SOL_SOCKET, SCM_RIGHTS, 4, fd).buffer);
      }`);
    expect(said).toEqual([1, 1, 1]);
  });

  test("datagrams, packets and pipes stay whole", async () => {
    const { said, report } = await run(`
      const results = [];
      for (const type of ["dgram", "seqpacket"]) {
        const [c, d] = Socket.pair({ type });
        results.push(c.send(hello), d.recv(room), c.sendmsg([hello]), d.recvmsg(room).bytes);
      }
      const ends = new Int32Array(2);
      kernel.pipe2(false, ends);
      results.push(kernel.write(ends[1], hello, 0, 5), kernel.read(ends[0], room, 0, 100));
      say(results);`);
    expect(said).toEqual(Array(10).fill(5));
    expect(report).toEqual({ calls: 0, cuts: 0, failures: 0 });
  });

  test("with EAGAIN every nth call would block, though it need not", async () => {
    const { said, report } = await run(
      `say([a.send(hello), a.send(hello), a.send(hello), b.recv(room), b.recv(room), b.recv(room)]);`,
      { failWith: "EAGAIN", failEvery: 2 },
    );
    expect(said).toEqual([1, -11, 1, -11, 1, -11]);
    expect(report).toEqual({ calls: 6, cuts: 3, failures: 3 });
  });

  test("EAGAIN spares a blocking socket, for which it is no answer", async () => {
    const { said, report } = await run(
      `const [c, d] = Socket.pair({ blocking: true });
      say([c.send(hello), d.recv(room), c.send(hello), d.recv(room)]);`,
      { failWith: "EAGAIN", failEvery: 2 },
    );
    expect(said).toEqual([1, 1, 1, 1]);
    expect(report.failures).toBe(0);
  });

  test("with EINTR every nth call is interrupted, which the addon tries again", async () => {
    const { said, report } = await run(
      `say([a.send(hello), a.send(hello), a.send(hello), b.recv(room), b.recv(room), b.recv(room)]);`,
      { failWith: "EINTR", failEvery: 3 },
    );
    expect(said).toEqual([1, 1, 1, 1, 1, 1]);
    expect(report).toEqual({ calls: 8, cuts: 6, failures: 2 });
  });

  test("Node's own sockets and standard streams are as ever", async () => {
    const { said, report } = await run(`
      const { once } = await import("node:events");
      const { text } = await import("node:stream/consumers");
      const { execFileSync } = await import("node:child_process");
      const net = await import("node:net");
      const server = net.createServer((socket) => socket.end("x".repeat(5000)));
      await once(server.listen(0, "127.0.0.1"), "listening");
      const answer = await text(net.connect(server.address().port, "127.0.0.1"));
      server.close();
      const echoed = execFileSync(process.execPath, ["-p", "'y'.repeat(5000)"]);
      say([answer.length, echoed.length]);`);
    expect(said).toEqual([5000, 5001]);
    expect(report.calls).toBe(0);
  });

  test("a call that is to fail every time is refused: whoever tries again would hang", () => {
    expect(() => oneByteEnvironment({ failWith: "EINTR", failEvery: 1 })).toThrow(RangeError);
  });
});
