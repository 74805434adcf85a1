// The load generator against real servers, for a fraction of a second each: it must believe a
// good server, and must not believe one that changes, loses, invents or stops sending bytes.
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { canCompile, compile } from "../../bench/build.mjs";
import { runToEnd, startServer } from "../../bench/children.mjs";

const possible = canCompile();
/** Against a hang: it compiles first, on a machine that may be busy. */
const TIMEOUT_MS = 60_000;
vi.setConfig({ testTimeout: TIMEOUT_MS });

interface Load {
  readonly connections?: number;
  readonly size?: number;
  readonly depth?: number;
  readonly pid?: number;
  /** How long it measures; nothing may come back meanwhile if this machine pauses so long. */
  readonly seconds?: number;
}

async function load(
  port: number,
  { connections = 4, size = 64, depth = 1, pid, seconds = 0.1 }: Load = {},
) {
  const numbers = [
    port,
    connections,
    size,
    depth,
    0.02,
    seconds,
    ...(pid === undefined ? [] : [pid]),
  ];
  const command = { file: compile("loadgen.c"), args: ["127.0.0.1", ...numbers.map(String)] };
  const { stdout, how } = await runToEnd(command, TIMEOUT_MS);
  return { result: JSON.parse(stdout), how };
}

if (possible !== true) console.log(`test/bench/loadgen.test.ts is skipped: ${possible}`);

describe.skipIf(possible !== true)("loadgen against c-epoll", () => {
  it.each([
    ["one message in flight", { connections: 8, size: 64, depth: 1 }],
    ["several in flight", { connections: 8, size: 64, depth: 16 }],
    ["messages of one byte", { connections: 2, size: 1, depth: 3 }],
    [
      "messages beyond every socket buffer",
      { connections: 4, size: 1_048_576, depth: 2, seconds: 1 },
    ],
    ["many connections", { connections: 200, size: 64, depth: 1 }],
  ])("counts and checks messages: %s", async (_name, shape) => {
    const server = await startServer({ file: compile("servers/c-epoll.c"), args: [] });
    const { result, how } = await load(server.port, { ...shape, pid: server.pid });
    expect(await server.stop()).toBe(undefined);
    expect(result).toMatchObject({ errors: 0, error: "" });
    expect(how).toContain("code 0");
    expect(result.messages).toBeGreaterThan(0);
    expect(result.seconds).toBeGreaterThanOrEqual(0.1);
    expect(result.latencyUs.p50).toBeLessThanOrEqual(result.latencyUs.max);
    expect(result.server.cpuNs).toBeGreaterThan(0);
    expect(result.server.rssBytes).toBeGreaterThan(0);
  });
});

describe.skipIf(possible !== true)("loadgen against a server that does wrong", () => {
  let server: Server | undefined;

  afterEach(async () => {
    if (server?.listening) await once(server.close(), "close");
  });

  async function serve(echo: (socket: Socket, bytes: Buffer, before: number) => void) {
    server = createServer((socket) => {
      let before = 0;
      socket.on("error", () => socket.destroy());
      socket.on("data", (bytes) => {
        echo(socket, bytes, before);
        before += bytes.length;
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  }

  async function expectError(port: number, shape: Load, error: RegExp) {
    const { result, how } = await load(port, shape);
    expect(result.errors).toBe(1);
    expect(result.error).toMatch(error);
    expect(how).toContain("code 1");
  }

  it("reports one changed byte and where it is", async () => {
    const port = await serve((socket, bytes, before) => {
      const at = 1000 - before;
      if (at >= 0 && at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 1;
      socket.write(bytes);
    });
    await expectError(port, {}, /^Connection \d, byte 1000: sent 0x.., came back as 0x..$/);
  });

  it("reports a lost message", async () => {
    const port = await serve((socket, bytes, before) => {
      socket.write(before <= 640 && before + bytes.length > 640 ? bytes.subarray(64) : bytes);
    });
    await expectError(port, { depth: 16 }, /^Connection \d, byte \d+: sent/);
  });

  it("reports bytes that belong to another connection", async () => {
    const sockets: Socket[] = [];
    const port = await serve((socket, bytes, before) => {
      if (before === 0) sockets.push(socket);
      const other = sockets.find((candidate) => candidate !== socket);
      (before > 500 ? (other ?? socket) : socket).write(bytes);
    });
    await expectError(port, { connections: 2 }, /^(Connection \d, byte \d+|More bytes came back)/);
  });

  it("reports bytes nobody sent", async () => {
    const port = await serve((socket, bytes) => {
      socket.write(Buffer.concat([bytes, bytes]));
    });
    await expectError(port, {}, /^More bytes came back than were sent$/);
  });

  it("reports a connection the server closes", async () => {
    const port = await serve((socket, bytes, before) => {
      if (before > 500) socket.end();
      else socket.write(bytes);
    });
    await expectError(port, {}, /^The server closed connection \d$|^recv: |^send: /);
  });

  it("reports messages that never come back", async () => {
    const port = await serve((socket, bytes, before) => {
      if (before <= 500) socket.write(bytes);
    });
    await expectError(port, {}, /^4 messages never came back$/);
  });

  it("reports a refused connection", async () => {
    const port = await serve(() => {});
    await once((server as Server).close(), "close");
    await expectError(port, {}, /Connection refused$/);
  });
});

describe.skipIf(possible !== true)("loadgen's command line", () => {
  it.each([
    ["another machine", ["192.0.2.1", "80", "1", "64", "1", "0", "0.1"], "127.0.0.0/8"],
    ["no connections", ["127.0.0.1", "80", "0", "64", "1", "0", "0.1"], "CONNECTIONS must be"],
    ["endless time", ["127.0.0.1", "80", "1", "64", "1", "0", "1e9"], "SECONDS must be"],
    ["too few arguments", ["127.0.0.1"], "Usage: loadgen"],
  ])("refuses %s", async (_name, args, message) => {
    const { stdout, how } = await runToEnd({ file: compile("loadgen.c"), args }, TIMEOUT_MS);
    expect(stdout).toBe("");
    expect(how).toContain("code 2");
    expect(how).toContain(message);
  });
});
