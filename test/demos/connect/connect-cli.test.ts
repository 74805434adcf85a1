/** `socket-reactor connect` as a person meets it: bytes, ends and errors. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket as NodeSocket, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { PATIENCE_MS } from "../../../src/demos/connect/exchange.js";
import { Socket } from "../../../src/index.js";
import { expectError } from "../cli-errors.js";
import { root, startEcho } from "../cli-process.js";
import { expectSame, pattern, receive, receiveToEnd } from "../echo-peers.js";
import { outputOf, startConnect } from "./connect-process.js";

const MIB = 1024 * 1024;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "connect-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** A descriptor of a file; it is closed with the test. */
function opened(path: string, flags: string): number {
  const fd = openSync(path, flags);
  onTestFinished(() => closeSync(fd));
  return fd;
}

/** A server that does with its one connection what the test says. */
async function peer(): Promise<{ readonly port: string; readonly accepted: Promise<NodeSocket> }> {
  const server: Server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  const accepted = once(server, "connection").then(([socket]) => socket as NodeSocket);
  onTestFinished(async () => {
    (await accepted).on("error", () => {}).destroy();
    server.close();
    await once(server, "close");
  });
  await once(server, "listening");
  return { port: String((server.address() as { port: number }).port), accepted };
}

/** A port that nobody listens on; it is kept until the test ends. */
function refusedPort(): string {
  const holder = Socket.tcp();
  onTestFinished(() => holder.close());
  holder.bind({ address: "127.0.0.1", port: 0 });
  return String((holder.localAddress as { port: number }).port);
}

describe("bytes", () => {
  test.each(["selector", "reactor", "stream"])(
    "of a file of 8 MiB come back from an echo server, byte for byte (%s)",
    async (model) => {
      const { port } = await startEcho(["--model", model]);
      const bytes = pattern(1, 8 * MIB + 1);
      const path = join(folder(), "in");
      writeFileSync(path, bytes);
      const running = startConnect([String(port)], { stdin: opened(path, "r") });
      expectSame(await outputOf(running), bytes);
      expect(running.log.lines).toEqual([]);
    },
  );

  test("of a pipe go to a peer, while other bytes come into a file", async () => {
    const { port, accepted } = await peer();
    const path = join(folder(), "out");
    const running = startConnect([port], { stdout: opened(path, "w") });
    const [sent, received] = [pattern(2, 4 * MIB), pattern(3, 4 * MIB)];
    running.input.end(sent);
    const socket = await accepted;
    const got = receiveToEnd(socket);
    socket.end(received);
    expectSame(await got, sent);
    expect(await running.ended).toEqual({ status: 0, signal: null });
    expectSame(readFileSync(path), received);
  });

  test("that are typed go at once, and so do the answers", async () => {
    const { port } = await startEcho([]);
    const running = startConnect(["localhost", String(port)]);
    for (const line of ["hello\n", "\0\xff\r\n"]) {
      running.input.write(line, "latin1");
      const [answer] = (await once(running.output, "data")) as [Buffer];
      expect(answer.toString("latin1")).toBe(line);
    }
    running.input.end();
    expect(await running.ended).toEqual({ status: 0, signal: null });
  });

  test("--crlf ends lines with CR LF", async () => {
    const { port } = await startEcho([]);
    const running = startConnect(["-C", String(port)]);
    running.input.end("a\nb\r\n");
    expect(String(await outputOf(running))).toBe("a\r\nb\r\n");
  });
});

describe("the ends", () => {
  test("the end of the input is a FIN, after which the answer still comes", async () => {
    const { port, accepted } = await peer();
    const running = startConnect([port]);
    running.input.end("question");
    const socket = await accepted;
    expect(String(await receiveToEnd(socket))).toBe("question");
    socket.end("answer");
    expect(String(await outputOf(running))).toBe("answer");
  });

  test("with --stay-open it is none: the peer ends it", async () => {
    const { port, accepted } = await peer();
    const running = startConnect(["--stay-open", port]);
    running.input.end("question");
    const socket = await accepted;
    expect(String(await receive(socket, 8))).toBe("question");
    // Back and forth, long after the input has ended.
    socket.write("a");
    await once(running.output, "readable");
    expect(socket.readableEnded).toBe(false);
    socket.end("b");
    expect(String(await outputOf(running))).toBe("ab");
    expect(String(await receiveToEnd(socket))).toBe("");
  });

  test("the peer's end ends it, although the input has not, after a moment", async () => {
    const { port, accepted } = await peer();
    const running = startConnect([port]);
    const socket = await accepted;
    const startedMs = performance.now();
    socket.end("bye");
    expect(String(await outputOf(running))).toBe("bye");
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(PATIENCE_MS);
    expect(String(await receiveToEnd(socket))).toBe("");
  });

  test.each(["a file", "a pipe"])(
    "what %s has on its way at the peer's end still goes",
    async (kind) => {
      const { port, accepted } = await peer();
      const bytes = pattern(4, 2 * MIB);
      const path = join(folder(), "in");
      writeFileSync(path, bytes);
      const isFile = kind === "a file";
      const running = startConnect([port], isFile ? { stdin: opened(path, "r") } : {});
      if (!isFile) running.input.end(bytes);
      const socket = await accepted;
      socket.end("stop");
      await once(running.output, "readable");
      const output = outputOf(running);
      expectSame(await receiveToEnd(socket), bytes);
      expect(String(await output)).toBe("stop");
    },
  );

  test("with --half-open everything goes, however late", async () => {
    const { port, accepted } = await peer();
    const running = startConnect(["--half-open", port]);
    const socket = await accepted;
    socket.end("stop");
    await once(running.output, "readable");
    const other = await peer();
    const impatient = startConnect([other.port]);
    (await other.accepted).end();
    expect(await outputOf(impatient)).toHaveLength(0);
    running.input.end("late");
    const output = outputOf(running);
    expect(String(await receiveToEnd(socket))).toBe("late");
    expect(String(await output)).toBe("stop");
  });

  test("nothing on the input, or none at all, is an end like any other", async () => {
    const { port } = await startEcho([]);
    expect(await outputOf(startConnect([String(port)], { stdin: "ignore" }))).toHaveLength(0);
    const shell = `exec ${process.execPath} dist/demos/cli.js connect ${port} <&-`;
    const closed = spawnSync("sh", ["-c", shell], { cwd: root, encoding: "utf8" });
    expect(closed).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });

  test("an output that is gone (| head -1) ends it without a word", async () => {
    const { port, accepted } = await peer();
    const running = startConnect([port]);
    const socket = await accepted;
    socket.write("first\n");
    await once(running.output, "data");
    running.output.destroy();
    await once(running.output, "close");
    const feeding = setInterval(() => socket.write("more\n"), 1); // until it notices
    socket.on("error", () => {});
    expect(await running.ended).toEqual({ status: 0, signal: null });
    clearInterval(feeding);
    expect(running.log.lines).toEqual([]);
  });

  test.runIf(process.platform === "linux")("a full disk is an error", async () => {
    const { port, accepted } = await peer();
    const running = startConnect([port], { stdout: opened("/dev/full", "w") });
    (await accepted).write("x");
    expect(await running.ended).toEqual({ status: 1, signal: null });
    expect(running.log.lines).toEqual([
      expect.stringMatching(/^socket-reactor: standard output: ENOSPC/),
    ]);
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s ends it by that signal, as shells expect of a filter",
    async (name) => {
      const { port, accepted } = await peer();
      const running = startConnect([port]);
      const socket = await accepted;
      socket.write("x");
      await once(running.output, "readable");
      running.child.kill(name);
      expect(await running.ended).toEqual({ status: null, signal: name });
      expect(running.log.lines).toEqual([]);
    },
  );

  test("--timeout ends a connection on which nothing moves", async () => {
    const { port } = await peer();
    const startedMs = performance.now();
    const running = startConnect(["--timeout", "0.2", port]);
    expect(await running.ended).toEqual({ status: 1, signal: null });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(200);
    expect(running.log.lines).toEqual(["socket-reactor: nothing came or went for 0.2 s"]);
  });

  test("a peer that resets is an error", async () => {
    const { port, accepted } = await peer();
    const running = startConnect([port]);
    running.input.write("x");
    const socket = await accepted;
    await once(socket, "readable");
    socket.resetAndDestroy();
    expect(await running.ended).toEqual({ status: 1, signal: null });
    expect(running.log.lines).toEqual([
      "socket-reactor: the peer reset the connection (ECONNRESET)",
    ]);
  });
});

describe("an error is one line, and status 1", () => {
  test("nobody listens", async () => {
    const port = refusedPort();
    const line = `nobody listens at 127.0.0.1:${port} (ECONNREFUSED)`;
    await expectError(["connect", port], line);
    await expectError(
      ["connect", "--udp", "--stay-open", port, "--timeout", "x"],
      "--timeout must",
    );
  });

  test.each([
    [[], "expected PORT, HOST PORT, HOST:PORT or a PATH with a slash"],
    [["a.invalid", "80"], '"a.invalid" is neither an address nor a known name (E'],
    [["fe80::1%nowhere", "80"], '"fe80::1%nowhere"'],
    [["/nowhere/at/all"], "no such socket: /nowhere/at/all (ENOENT)"],
    [["@nobody-has-this-name"], "nobody listens at @nobody-has-this-name (ECONNREFUSED)"],
    [["/etc/passwd"], "nobody listens at /etc/passwd (ECONNREFUSED)"],
    [[`/${"x".repeat(200)}`], "PATH is longer than that of a unix socket may be: /xxx"],
    [["--listen", `/${"x".repeat(200)}`], "PATH is longer than that of a unix socket may be: /xxx"],
    [["--timeout", "0", "80"], "--timeout must be more than 0 seconds"],
    [["--timeout", "soon", "80"], '--timeout must be a number of seconds from 0 to 99999: "soon"'],
    [["--keep", "80"], "--keep goes with --listen"],
    [["--udp", "./a"], "--udp needs a HOST and a PORT"],
    [["--udp", "--listen", "--keep", "80"], "--keep is for connections; --udp has none"],
    [["--lisen", "80"], "Unknown option '--lisen'; did you mean --listen? see socket-reactor conn"],
    [["--backend", "iocp", "80"], "--backend must be one of"],
    [["--listen", "192.0.2.1", "0"], "192.0.2.1 is not an address of this machine (EADDRNOTAVAIL)"],
    [["--listen", "/nowhere/at/all"], "no folder for /nowhere/at/all (ENOENT)"],
  ])("%j", async (args, expected) => {
    await expectError(["connect", ...args], expected);
  });

  test("a file that is there is not listened on, and stays", async () => {
    const path = join(folder(), "file");
    writeFileSync(path, "precious");
    const expected = `${path} exists; if nobody listens there any more, remove it (EADDRINUSE)`;
    await expectError(["connect", "--listen", path], expected);
    expect(readFileSync(path, "utf8")).toBe("precious");
  });

  test("a port that is taken: it suggests another", async () => {
    const { port } = await startEcho([]);
    const expected = `port ${port} on 127.0.0.1 is taken; try another, or 0 for a free one (EADDR`;
    await expectError(["connect", "--listen", String(port)], expected);
  });

  test("nobody answers in time", async () => {
    // One connection waits to be accepted, and the queue has room for one: the next SYN is dropped.
    const listener = Socket.listenTcp({ backlog: 0 });
    const first = Socket.tcp();
    onTestFinished(() => {
      for (const socket of [listener, first]) socket.close();
    });
    const address = listener.localAddress as { address: string; port: number };
    first.connect(address);
    await expectError(
      ["connect", "--timeout", "0.1", String(address.port)],
      `no connection to 127.0.0.1:${address.port} within 0.1 s`,
    );
  });
});

test("its input and output may be sockets, as Node's pipes to children are", async () => {
  const { port } = await startEcho([]);
  const running = startConnect([String(port)]);
  running.input.end("x".repeat(MIB));
  expect(await buffer(running.output)).toHaveLength(MIB);
});
