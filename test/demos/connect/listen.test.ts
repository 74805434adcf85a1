/** `connect --listen`: one connection, or one after another, on TCP and unix sockets. */
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type Socket as NodeSocket, connect as nodeConnect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { connectTo, expectSame, pattern, receive, receiveToEnd } from "../echo-peers.js";
import { outputOf, startConnect, startListen, statesOf } from "./connect-process.js";

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "connect-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "a.sock");
}

/** Whether a connection is refused now. */
async function isRefused(port: number): Promise<boolean> {
  const socket = nodeConnect(port, "127.0.0.1");
  const outcome = await Promise.race([
    once(socket, "connect").then(() => false),
    once(socket, "error").then(() => true),
  ]).catch(() => true);
  socket.destroy();
  return outcome;
}

describe("connect --listen", () => {
  test("talks with one client, and is gone for others meanwhile", async () => {
    const running = await startListen(["0"]);
    const client = await connectTo(running.port);
    running.input.write("hello\n");
    expect(String(await receive(client, 6))).toBe("hello\n");
    expect(await isRefused(running.port)).toBe(true);
    const [sent, received] = [pattern(1, 1 << 20), pattern(2, 1 << 20)];
    running.input.end(sent);
    const got = receiveToEnd(client);
    client.end(received);
    const output = outputOf(running);
    expectSame(await got, sent);
    expectSame(await output, received);
  });

  test("talks with our own other side, whichever ends first", async () => {
    for (const first of ["client", "server"] as const) {
      const server = await startListen(["--verbose", "0"]);
      const client = startConnect(["--verbose", String(server.port)]);
      await Promise.all([server, client].map(({ log }) => log.said(/^ESTABLISHED /)));
      const [ends, follows] = first === "client" ? [client, server] : [server, client];
      ends.input.end("bye");
      expect(String(await outputOf(follows))).toBe("bye");
      expect(await ends.ended).toEqual({ status: 0, signal: null });
      expect(statesOf(follows)).toContain("CLOSE_WAIT");
      expect(statesOf(ends)).not.toContain("CLOSE_WAIT");
      for (const { log } of [server, client]) {
        expect(log.lines.at(-2)).toMatch(/^CLOSED .*: end of stream$/);
      }
    }
  });

  test("--keep serves one after another, also after one that broke", async () => {
    const running = await startListen(["--keep", "--verbose", "0"]);
    running.output.setEncoding("utf8");
    const clients: NodeSocket[] = [];
    for (let n = 0; n < 3; n += 1) clients.push(await connectTo(running.port));
    const [broken, second, third] = clients as [NodeSocket, NodeSocket, NodeSocket];
    second.write("second");
    third.end("third");
    // Only the first is served.
    broken.write("first");
    expect(await once(running.output, "data")).toEqual(["first"]);
    broken.resetAndDestroy();
    await running.log.said(/^the peer reset the connection \(ECONNRESET\)$/);
    expect(await once(running.output, "data")).toEqual(["second"]);
    running.input.write("to the second");
    expect(String(await receive(second, 13))).toBe("to the second");
    second.end();
    expect(await once(running.output, "data")).toEqual(["third"]);
    await running.log.said(/^CLOSED /, 3);
    running.child.kill("SIGINT");
    expect(await running.ended).toEqual({ status: null, signal: "SIGINT" });
  });

  test("--keep with an input that has ended takes what comes, from many, and leaves nothing", async () => {
    const running = await startListen(["--keep", "0"], { stdin: "ignore" });
    running.output.setEncoding("utf8");
    for (let n = 0; n < 25; n += 1) {
      const client = await connectTo(running.port);
      expect(await receiveToEnd(client)).toHaveLength(0);
      client.end(`${n}\n`);
      expect(await once(running.output, "data")).toEqual([`${n}\n`]);
    }
    running.child.kill("SIGTERM");
    expect(await running.ended).toEqual({ status: null, signal: "SIGTERM" });
    expect(running.log.lines).toHaveLength(1); // no warning of listeners that pile up
  });

  test("waits for ever, and Ctrl-C ends that", async () => {
    const running = await startListen(["0"]);
    running.child.kill("SIGINT");
    expect(await running.ended).toEqual({ status: null, signal: "SIGINT" });
    expect(await isRefused(running.port)).toBe(true);
  });

  test("--verbose says LISTEN first", async () => {
    const running = await startListen(["-v", "localhost", "0"]);
    expect(statesOf(running)[0]).toBe("LISTEN");
  });
});

describe("a unix socket", () => {
  test("of a path is made, served, and removed in the end", async () => {
    const path = socketPath();
    const server = await startListen(["-v", path]);
    expect(existsSync(path)).toBe(true);
    const client = startConnect(["-v", path]);
    await client.log.said(new RegExp(`^CONNECTED unix:${path} \\(process ${server.child.pid} of `));
    await server.log.said(new RegExp(`^CONNECTED unix: \\(process ${client.child.pid} of user `));
    client.input.end("question");
    server.input.end("answer");
    const outputs = await Promise.all([outputOf(client), outputOf(server)]);
    expect(outputs.map(String)).toEqual(["answer", "question"]);
    expect(client.log.lines.at(-1)).toBe("8 bytes sent, 6 received");
    expect(existsSync(path)).toBe(false);
  });

  test("of a path is removed by Ctrl-C, too", async () => {
    const path = socketPath();
    const server = await startListen([path]);
    server.child.kill("SIGINT");
    expect(await server.ended).toEqual({ status: null, signal: "SIGINT" });
    expect(existsSync(path)).toBe(false);
  });

  test("of a path that somebody has removed meanwhile is served all the same", async () => {
    const path = socketPath();
    const server = await startListen(["-v", path]);
    const client = startConnect([path]);
    await server.log.said(/^CONNECTED /);
    rmSync(path);
    client.input.end("hello");
    server.input.end();
    expect(String(await outputOf(server))).toBe("hello");
    expect(await server.ended).toEqual({ status: 0, signal: null });
  });

  test.runIf(process.platform === "linux")("with an abstract name", async () => {
    const name = `@socket-reactor-${process.pid}`;
    const server = await startListen([name]);
    expect(server.log.lines[0]).toBe(`Listening on unix:${name}, Ctrl-C ends it`);
    const client = startConnect([name]);
    client.input.end("hello");
    expect(String(await outputOf(server))).toBe("hello");
    expect(await client.ended).toEqual({ status: 0, signal: null });
  });
});
