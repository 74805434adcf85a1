/** The built `socket-reactor chat` as a person meets it: help, errors, what it says, and Ctrl-C. */
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { expectError, expectTakenPort, holdPort } from "../cli-errors.js";
import { listening, type RunningCli, runCli, start } from "../cli-process.js";
import { ask } from "../http/demo-server.js";
import { connectLines, connectWeb, enter } from "./chat-peers.js";

function fileWith(content: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), "socket-reactor-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "file");
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

interface RunningCommand extends RunningCli {
  readonly webPort: number;
}

async function startCommand(...args: string[]): Promise<RunningCommand> {
  const running = await listening(start(["chat", "--port", "0", "--web-port", "0", ...args]));
  const browser = /in a browser: +http:\/\/127\.0\.0\.1:(\d+)\/$/;
  await running.log.said(browser);
  const line = running.log.lines.find((said) => browser.test(said)) ?? "";
  return { ...running, webPort: Number(browser.exec(line)?.[1]) };
}

/** Each test starts a process or three, on a machine that may be busy. */
const TIMEOUT_MS = 60_000;

describe("the chat command", { timeout: TIMEOUT_MS }, () => {
  test.each(["--help", "-h"])("%s lists its options", async (flag) => {
    const { status, stdout, stderr } = await runCli(["chat", flag]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const options = ["host", "port", "backend", "web-port", "web-name", "name", "motd", "opers"];
    options.push("connections", "per-address", "no-flood-limits", "backplane", "verbose", "help");
    for (const option of options) expect(stdout).toContain(`  --${option} `);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("--help lists them whatever else is wrong", async () => {
    const { status, stdout } = await runCli(["chat", "--help", "--motd", "/none"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: /);
  });

  test.each([
    [["--web-prot", "1"], "see socket-reactor chat --help"],
    [["--port", "65536"], '--port must be an integer from 0 to 65535: "65536"'],
    [["--web-port", "x"], '--web-port must be an integer from 0 to 65535: "x"'],
    [["--name", "two words"], "--name must be 1 to 63 letters, digits, dots and hyphens"],
    [["--web-name", "a:80"], "--web-name must be 1 to 63 letters, digits, dots and hyphens"],
    [["--connections", "0"], '--connections must be an integer from 1 to 9999999: "0"'],
    [["--per-address", "many"], '--per-address must be an integer from 1 to 9999999: "many"'],
    [["--motd", "/none"], '--motd: "/none" cannot be read (ENOENT)'],
    [["--opers", "/"], '--opers: "/" cannot be read (EISDIR)'],
    [["--host", "192.0.2.1"], "192.0.2.1 is not an address of this machine; try --host"],
  ])("%j is one line that says what to do, and status 1", async (args, expected) => {
    await expectError(["chat", ...args], expected);
  });

  test("a port that is taken: it suggests another", () => expectTakenPort("chat"));

  test("a taken port of the page: it names the page's option", async () => {
    const port = await holdPort();
    await expectError(
      ["chat", "--port", "0", "--web-port", String(port)],
      `port ${port} on 127.0.0.1 is taken; try another --web-port, or --web-port 0 for a free one`,
    );
  });

  test("a file of operators must be theirs alone, and be what it should", async () => {
    const open = fileWith("anna:secret\n", 0o644);
    await expectError(
      ["chat", "--opers", open],
      `others may read "${open}"; try chmod 600 ${open}`,
    );
    const wrong = fileWith("# a comment\nanna:secret\notto\n");
    await expectError(["chat", "--opers", wrong], "operator 2 is not NAME:PASSWORD");
    const twice = fileWith("anna:secret\notto:other\nanna:newer\n");
    await expectError(["chat", "--opers", twice], '--opers: "anna" is named twice');
    const long = fileWith("x\n".repeat(101));
    await expectError(["chat", "--motd", long], "--motd must be a text of at most 100 lines");
  });

  test("says what to try, and all of it works: by TCP, by WebSocket and the page", async () => {
    const { port, webPort, log } = await startCommand("--verbose");
    for (const way of ["in a browser", "with irssi", "with weechat", "by hand"]) {
      await log.said(new RegExp(`^  ${way}: `));
    }
    const anna = await enter(port, "anna", "#lobby");
    await log.said(/^ESTABLISHED 127\.0\.0\.1:\d+$/);
    expect((await ask(webPort, "/")).status).toBe(200);
    await log.said(/^GET \/ 200$/);
    const page = await connectWeb(webPort);
    await page.register("page");
    await page.join("#lobby");
    await anna.said(/^:page!\S+ JOIN #lobby$/);
    anna.socket.end();
    await log.said(/^CLOSED 127\.0\.0\.1:\d+ anna: Client closed connection$/);
  });

  test("its options reach the network and the limits", async () => {
    const motd = fileWith("\uFEFFHello\n\tand welcome\n\n", 0o644);
    const opers = fileWith("\uFEFF# who may do anything\nroot:s3cret\n");
    const { port } = await startCommand(
      ...["--name", "irc.example.org", "--motd", motd, "--opers", opers],
      ...["--per-address", "1", "--no-flood-limits"],
    );
    const anna = await enter(port, "anna", "#lobby");
    expect(anna.lines[0]).toMatch(/^:irc\.example\.org 001 anna :/);
    expect(anna.lines.filter((line) => / 372 /.test(line))).toEqual([
      ":irc.example.org 372 anna :- Hello",
      ":irc.example.org 372 anna :-   and welcome",
    ]);
    anna.say("OPER root wrong", "OPER root s3cret");
    await anna.said(/ 464 anna :/);
    await anna.said(/ 381 anna :/);
    const second = await connectLines(port);
    await second.closed;
    expect(second.lines.at(-1)).toMatch(/Too many connections from your address/);
    anna.say(...Array.from({ length: 1000 }, () => "PING x"));
    await anna.said(/ PONG /, 1000);
  });

  test("--web-name lets a proxy with a name of its own serve the page", async () => {
    const { webPort } = await startCommand("--web-name", "chat.example.org");
    const headers = { Host: "chat.example.org" };
    expect((await ask(webPort, "/", { headers })).status).toBe(200);
    const origin = "https://chat.example.org";
    const page = await connectWeb(webPort, "/irc", { ...headers, Origin: origin });
    await page.register("page");
    expect((await ask(webPort, "/", { headers: { Host: "evil.example" } })).status).toBe(421);
  });

  test("Ctrl-C ends it also while it waits for a Redis that says nothing", async () => {
    const redis = createServer().listen(0, "127.0.0.1");
    await once(redis, "listening");
    const { port } = redis.address() as { port: number };
    const ports = ["--port", "0", "--web-port", "0"];
    const child = start(["chat", ...ports, "--backplane", `redis://127.0.0.1:${port}`]);
    const ended = Promise.all([once(child, "close"), text(child.stdout), text(child.stderr)]);
    const [link] = (await once(redis, "connection")) as [Socket];
    onTestFinished(async () => {
      link.destroy();
      redis.close();
      await once(redis, "close");
    });
    link.on("error", () => {});
    child.kill("SIGINT");
    expect(await ended).toEqual([[0, null], "", ""]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s ends it with a last word for everybody, also for who does not read",
    async (signal) => {
      const { port, webPort, child, ended } = await startCommand();
      const anna = await enter(port, "anna", "#lobby");
      const page = await connectWeb(webPort);
      await page.register("page");
      const deaf = await enter(port, "deaf", "#lobby");
      deaf.socket.pause();
      child.kill(signal);
      child.kill(signal);
      expect(await ended).toMatchObject({ status: 0, signal: null, stderr: "" });
      await anna.closed;
      expect(anna.lines.at(-1)).toBe("ERROR :Closing Link: 127.0.0.1 (Server going down)");
      expect(await page.closed).toMatchObject({ code: 1001 });
    },
  );
});
