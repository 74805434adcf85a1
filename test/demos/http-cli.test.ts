/**
 * The built `socket-reactor http` as a person meets it: help, errors, Ctrl-C, and what is
 * served.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { supportedBackends } from "../../src/index.js";
import { spawnLimitable } from "../support/fd-limit.js";
import { expectError, expectTakenPort } from "./cli-errors.js";
import { cli, listening, root, runCli, startHttp } from "./cli-process.js";
import { ask, begin } from "./http/demo-server.js";

function folderWith(name: string, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), "socket-reactor-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), content);
  return folder;
}

describe("the http command", () => {
  test.each(["--help", "-h"])("%s lists its options, and says what is served", async (flag) => {
    const { status, stdout, stderr } = await runCli(["http", flag]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const options = ["root", "list", "host", "port", "backend", "drain", "verbose", "help"];
    for (const option of options) expect(stdout).toContain(`  --${option} `);
    for (const route of ["/api/echo", "/api/files", "/events", "/slow"]) {
      expect(stdout).toContain(route);
    }
    expect(stdout).toContain("Without it none of yours");
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test.each([
    [
      ["--prot", "1"],
      "Unknown option '--prot'; did you mean --port? see socket-reactor http --help",
    ],
    [["."], "Unexpected argument '.'; see socket-reactor http --help"],
    [["--port", "65536"], '--port must be an integer from 0 to 65535: "65536"'],
    [["--backend", "iocp"], `--backend must be one of ${supportedBackends().join(", ")}: "iocp"`],
    [["--drain", "soon"], '--drain must be a number of seconds from 0 to 99999: "soon"'],
    [["--root", "/none"], '--root must be a folder that exists: "/none"'],
    [["--root", join(root, "package.json")], "--root must be a folder that exists"],
    [["--root", ""], '--root must be a folder that exists: ""'],
    [["--host", "192.0.2.1"], "192.0.2.1 is not an address of this machine; try --host"],
  ])("%j is one line that says what to do, and status 1", async (args, expected) => {
    await expectError(["http", ...args], expected);
  });

  test("a port that is taken: it suggests another", () => expectTakenPort("http"));

  test("without --root nothing of the current folder is served, only the page", async () => {
    const { port, log } = await startHttp([]);
    expect(log.lines).toEqual([`HTTP server on http://127.0.0.1:${port}/, Ctrl-C ends it`]);
    expect((await ask(port, "/")).text).toContain("<h1>socket-reactor</h1>");
    for (const path of ["/package.json", "/src/index.ts"]) {
      expect(await ask(port, path), path).toMatchObject({ status: 404 });
    }
  });

  test("--root serves a folder, --list shows it, --verbose says so", async () => {
    const folder = folderWith("a.txt", "A");
    const { port, log } = await startHttp(["--root", folder, "--list", "--verbose"]);
    expect(await ask(port, "/a.txt")).toMatchObject({ status: 200, text: "A" });
    expect((await ask(port, "/api/files")).text).toContain('"a.txt"');
    await log.said(/^GET \/api\/files 200$/);
    expect(log.lines).toContain("GET /a.txt 200");
  });

  test.each(supportedBackends())("--backend %s serves", async (backend) => {
    const server = await startHttp(["--backend", backend]);
    expect(await ask(server.port, "/demo.js")).toMatchObject({ status: 200 });
    server.child.kill("SIGINT");
    expect(await server.ended).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("Ctrl-C", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s lets an answer that is under way end, then ends with 0",
    async (signal) => {
      const server = await startHttp(["--verbose"]);
      const message = await begin(server.port, "/slow");
      const events = await begin(server.port, "/events");
      server.child.kill(signal);
      server.child.kill(signal); // as npm does
      expect(await text(message)).toMatch(/Line 10 of 10\n$/);
      await text(events);
      expect(await server.ended).toMatchObject({ status: 0, signal: null, stderr: "" });
    },
  );

  test("again, a second later, ends it at once", async () => {
    const server = await startHttp(["--drain", "60"]);
    const message = (await begin(server.port, "/slow")).setEncoding("utf8");
    server.child.kill("SIGINT");
    await server.log.said(/Ctrl-C again/); // a second has passed
    let lines = "";
    const cut = expect(async () => {
      for await (const chunk of message) {
        lines += chunk;
        if (lines.includes("Line 1 ")) server.child.kill("SIGINT");
      }
    }).rejects.toThrow("aborted");
    expect(await server.ended).toMatchObject({ status: 0, signal: null, stderr: "" });
    await cut;
    expect(lines).not.toContain("Line 10 ");
  });

  test("waits no longer than --drain says", async () => {
    const server = await startHttp(["--drain", "0.2"]);
    const message = await begin(server.port, "/slow");
    const cut = expect(text(message)).rejects.toThrow("aborted");
    server.child.kill("SIGINT");
    expect(await server.ended).toMatchObject({ status: 0, signal: null, stderr: "" });
    await cut;
  });
});

test("without a descriptor left it answers 503, and serves again when there is one", async () => {
  const command = [process.execPath, cli, "http", "--port", "0"] as const;
  const { child, limit } = spawnLimitable(command, { descriptorsMax: 64, cwd: root });
  const { port } = await listening(child);
  const open = (): Socket => connect(port, "127.0.0.1").on("error", () => {});
  const first = open().setEncoding("latin1");
  const answer = async (): Promise<string> => {
    first.write("GET /demo.svg HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const [head] = (await once(first, "data")) as [string];
    return head;
  };
  expect(await answer()).toMatch(/^HTTP\/1\.1 200 /);
  await limit();
  const others = Array.from({ length: 80 }, open);
  await expect.poll(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: 1\r\n/);
  for (const other of others) other.destroy();
  await expect.poll(answer).toMatch(/^HTTP\/1\.1 200 /);
  first.destroy();
});
