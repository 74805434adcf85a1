/** The built `socket-reactor` command as a person meets it: help, errors, and Ctrl-C. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { supportedBackends } from "../../src/index.js";
import { expectError, expectTakenPort } from "./cli-errors.js";
import { cli, root, runCli, startEcho } from "./cli-process.js";
import { connectMany, connectTo, pattern, receiveToEnd, roundTrip } from "./echo-peers.js";

const NOBODY = 65_534;
const COMMANDS = ["demo", "echo", "chat", "http", "connect"];
const ALL = COMMANDS.join(", ");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
  bin: Record<string, string>;
  scripts: Record<string, string>;
};

describe("the command itself", () => {
  test("package.json names the file, which runs by itself, as npx runs it", async () => {
    expect(join(root, manifest.bin["socket-reactor"] ?? "")).toBe(cli);
    accessSync(cli, constants.X_OK);
    const folder = mkdtempSync(join(tmpdir(), "socket-reactor-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const link = join(folder, "socket-reactor");
    symlinkSync(cli, link);
    const result = await runCli(["--version"], { command: [link] });
    expect(result).toEqual({
      status: 0,
      signal: null,
      stdout: `${manifest.version}\n`,
      stderr: "",
    });
  });

  test.each([[["--help"]], [["-h"]], [[]]])("%j lists the commands", async (args) => {
    const { status, stdout, stderr } = await runCli(args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: socket-reactor COMMAND/);
    for (const name of COMMANDS) expect(stdout).toContain(`\n  ${name} `);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test.each(["--help", "-h"])(
    "echo %s lists its options and the backends of here",
    async (flag) => {
      const { status, stdout, stderr } = await runCli(["echo", flag]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      for (const option of ["--host", "--port", "--model", "--backend", "--verbose", "--help"]) {
        expect(stdout).toContain(`  ${option} `);
      }
      expect(stdout).toContain(supportedBackends().join(", "));
      expect(stdout).toContain("nc 127.0.0.1 7000");
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  test("help and a command is that command's --help", async () => {
    const [help, flag] = await Promise.all([runCli(["help", "echo"]), runCli(["echo", "--help"])]);
    expect(help).toEqual(flag);
    expect((await runCli(["help"])).stdout).toBe((await runCli(["--help"])).stdout);
  });

  test("npm start is the demo of all", () => {
    expect(manifest.scripts["start"]).toBe("exec node dist/demos/cli.js demo");
  });
});

describe("an error is one line that says what to do, and status 1", () => {
  test.each([
    [["frobnicate"], `unknown command "frobnicate"; commands: ${ALL}; see --help`],
    [["--frobnicate"], `unknown option "--frobnicate"; commands: ${ALL}; see --help`],
    [["toString"], `unknown command "toString"; commands: ${ALL}; see --help`],
    [["ehco"], `unknown command "ehco"; did you mean echo? commands: ${ALL}; see --help`],
    [["help", "conect"], `unknown command "conect"; did you mean connect? commands: ${ALL}`],
    [["--verison"], `unknown option "--verison"; did you mean --version? commands: ${ALL}`],
    [
      ["echo", "--prot", "1"],
      "Unknown option '--prot'; did you mean --port? see socket-reactor echo --help",
    ],
    [["echo", "--frobnicate"], "Unknown option '--frobnicate'; see socket-reactor echo --help"],
    [["echo", "-x"], "Unknown option '-x'; see socket-reactor echo --help"],
    [["echo", "7000"], "Unexpected argument '7000'; see socket-reactor echo --help"],
    [["echo", "--port"], "argument missing; see socket-reactor echo --help"],
    [["echo", "--port", "-1"], "'--port' argument is ambiguous; see socket-reactor echo --help"],
    [["echo", "--port=-1"], '--port must be an integer from 0 to 65535: "-1"'],
    [["echo", "--port", "65536"], '--port must be an integer from 0 to 65535: "65536"'],
    [["echo", "--port", "http"], '--port must be an integer from 0 to 65535: "http"'],
    [["echo", "--port", "7e3"], '--port must be an integer from 0 to 65535: "7e3"'],
    [["echo", "--port", ""], '--port must be an integer from 0 to 65535: ""'],
    [["echo", "--backend", "iocp"], `--backend must be one of ${supportedBackends().join(", ")}`],
    [["echo", "--model", "io"], "--model must be one of thread-per-connection, thread-pool, sel"],
    [["echo", "--model", "io"], ', multi-reactor: "io"'],
    [["echo", "--model", "toString"], ', multi-reactor: "toString"'],
    [["echo", "--host", ""], "--host must not be empty; all addresses: --host ::"],
    [["echo", "--host", ".."], '--host ".." is neither an address nor a known name'],
    [["echo", "--host", "fe80::1%nowhere"], '"fe80::1%nowhere": no such interface'],
    [["echo", "--host", "192.0.2.1"], "192.0.2.1 is not an address of this machine; try --host"],
  ])("%j", async (args, expected) => {
    await expectError(args, expected);
  });

  test("a port that is taken: it suggests another", () => expectTakenPort("echo"));

  test("a port that the user may not have: it suggests one that works", async (context) => {
    const reason = whyPrivilegedPortsCannotBeTried();
    if (reason !== undefined) return context.skip(reason);
    await expectError(
      ["echo", "--port", "7"],
      "no permission to listen on port 7; ports below 1024 may need root, try --port 7000 (EACCES)",
      process.getuid?.() === 0 ? { uid: NOBODY } : {},
    );
  });

  test("a backend forced by the environment that is none", async () => {
    const env = { SOCKET_REACTOR_BACKEND: "iocp" };
    await expectError(["echo"], "SOCKET_REACTOR_BACKEND must be one of", { env });
    expect(await runCli(["--help"], { env })).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("a running echo command", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s closes it cleanly, connections that are open too",
    async (signal) => {
      const server = await startEcho(["--verbose"]);
      const clients = await connectMany(server.port, 5);
      for (const client of clients) await roundTrip(client, pattern(1, 1000));
      server.child.kill(signal);
      expect(await server.ended).toMatchObject({ status: 0, signal: null, stderr: "" });
      for (const client of clients) expect(await receiveToEnd(client)).toHaveLength(0);
    },
  );

  test("Ctrl-C ends it without any connection, and although one does not read", async () => {
    const idle = await startEcho([]);
    idle.child.kill("SIGINT");
    expect(await idle.ended).toMatchObject({ status: 0, signal: null, stderr: "" });

    const busy = await startEcho([]);
    const client = await connectTo(busy.port);
    client.pause().write(pattern(1, 32 << 20));
    await once(client, "readable");
    busy.child.kill("SIGINT");
    expect(await busy.ended).toMatchObject({ status: 0, signal: null, stderr: "" });
  });

  test("Ctrl-C again, and again, changes nothing", async () => {
    const server = await startEcho([]);
    await connectMany(server.port, 50);
    for (const signal of ["SIGINT", "SIGTERM", "SIGINT"] as const) server.child.kill(signal);
    expect(await server.ended).toMatchObject({ status: 0, signal: null, stderr: "" });
  });

  test.each(supportedBackends())("--backend %s serves", async (backend) => {
    const server = await startEcho(["--backend", backend]);
    await roundTrip(await connectTo(server.port), pattern(2, 100_000));
    server.child.kill("SIGINT");
    expect(await server.ended).toMatchObject({ status: 0, stderr: "" });
  });

  test.each(["selector", "reactor", "stream"])(
    "--model %s serves, and ends by Ctrl-C",
    async (model) => {
      const server = await startEcho(["--verbose", "--model", model]);
      await roundTrip(await connectTo(server.port), pattern(2, 100_000));
      server.child.kill("SIGINT");
      expect(await server.ended).toMatchObject({ status: 0, stderr: "" });
      // Connections that Ctrl-C ends have no line each.
      expect(server.log.count(/^CLOSED/)).toBe(0);
    },
  );

  test("--verbose says the states as they happen; without it there is one line", async () => {
    const [loud, quiet] = [await startEcho(["--verbose"]), await startEcho([])];
    const peers: string[] = [];
    for (const { port } of [loud, quiet]) {
      const client = await connectTo(port);
      peers.push(`127.0.0.1:${client.localPort}`);
      await roundTrip(client, pattern(3, 10));
      client.end();
      await receiveToEnd(client);
    }
    await loud.log.said(/^CLOSED/);
    const where = `127.0.0.1:${loud.port}`;
    expect(loud.log.lines).toEqual([
      `LISTEN ${where}`,
      `Echo server on ${where}, Ctrl-C ends it`,
      `ESTABLISHED ${peers[0]}`,
      `CLOSED ${peers[0]}: end of stream`,
    ]);
    quiet.child.kill("SIGINT");
    await quiet.ended;
    expect(quiet.log.lines).toEqual([`Echo server on 127.0.0.1:${quiet.port}, Ctrl-C ends it`]);
  });

  test("--host takes a name", async () => {
    const { log } = await startEcho(["--host", "localhost"]);
    expect(log.lines[0]).toMatch(/^Echo server on (127\.0\.0\.1|\[::1\]):\d+, /);
  });

  test("it goes on when nobody reads its output any more", async () => {
    const server = await startEcho(["--verbose"]);
    const closed = once(server.child.stdout ?? server.child, "close");
    server.child.stdout?.destroy();
    await closed;
    for (let n = 0; n < 3; n += 1) {
      await roundTrip(await connectTo(server.port), pattern(n, 1000));
    }
    server.child.kill("SIGINT");
    expect(await server.ended).toMatchObject({ status: 0, signal: null, stderr: "" });
  });
});

/** undefined: they can. */
function whyPrivilegedPortsCannotBeTried(): string | undefined {
  if (process.platform === "linux") {
    const first = readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8").trim();
    if (Number(first) <= 7) return `everybody may listen on port ${first} and above here`;
  }
  if (process.platform === "darwin") return "everybody may listen on all ports here";
  if (process.getuid?.() !== 0) return undefined;
  const probe = spawnSync(process.execPath, [cli, "--version"], { uid: NOBODY, gid: NOBODY });
  return probe.status === 0 ? undefined : `user ${NOBODY} may not run the command in ${root}`;
}
