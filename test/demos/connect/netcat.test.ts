/** `connect` and nc(1), OpenBSD's, in all combinations: over TCP, unix sockets and UDP. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { expectSame, LineLog, pattern } from "../echo-peers.js";
import { named, whyMissing } from "../http/outside-tool.js";
import { outputOf, startConnect, startListen } from "./connect-process.js";

const reason = whyMissing("nc", "-h", "netcat-openbsd");

interface Netcat {
  readonly input: Writable;
  readonly output: Readable;
  readonly ended: Promise<number | null>;
  readonly log: LineLog;
}

function startNetcat(args: readonly string[]): Netcat {
  const child: ChildProcess = spawn("nc", args);
  const log = new LineLog();
  createInterface(child.stderr as Readable).on("line", (line) => log.add(line));
  const ended = once(child, "close").then(([status]) => status as number | null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    child.stdout?.destroy();
    await ended;
  });
  const input = (child.stdin as Writable).on("error", () => {});
  return { input, output: child.stdout as Readable, ended, log };
}

/** It listens on a free port, which it says. */
async function netcatPort(args: readonly string[]): Promise<Netcat & { readonly port: string }> {
  const netcat = startNetcat(["-v", "-n", ...args, "127.0.0.1", "0"]);
  const said = /^(?:Listening|Bound) on \S+ (\d+)$/;
  await netcat.log.said(said);
  const line = netcat.log.lines.find((text) => said.test(text)) ?? "";
  return { ...netcat, port: said.exec(line)?.[1] ?? "" };
}

function socketPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "connect-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "a.sock");
}

interface Side {
  readonly input: Writable;
  readonly output: Readable;
}

/** Both send at once, and end; each gets what the other sent. */
async function converse(ours: Side, theirs: Side): Promise<void> {
  const [fromUs, fromThem] = [pattern(1, 300_001), pattern(2, 400_003)];
  ours.input.end(fromUs);
  theirs.input.end(fromThem);
  const [atUs, atThem] = await Promise.all([buffer(ours.output), buffer(theirs.output)]);
  expectSame(atUs, fromThem);
  expectSame(atThem, fromUs);
}

describe.skipIf(reason !== undefined)(named("with nc", reason), () => {
  // nc -l is gone when it has got our end, whatever it has still to say: so ours comes last there.
  test("we connect to it over TCP", async () => {
    const netcat = await netcatPort(["-l", "-N"]);
    const running = startConnect(["--stay-open", "--half-open", netcat.port]);
    await converse(running, netcat);
    expect(await running.ended).toEqual({ status: 0, signal: null });
    expect(await netcat.ended).toBe(0);
  });

  test("it connects to us over TCP", async () => {
    const running = await startListen(["--half-open", "0"]);
    const netcat = startNetcat(["-N", "127.0.0.1", String(running.port)]);
    await converse(running, netcat);
    expect(await running.ended).toEqual({ status: 0, signal: null });
    expect(await netcat.ended).toBe(0);
  });

  test("we connect to its unix socket", async () => {
    const path = socketPath();
    const netcat = startNetcat(["-v", "-l", "-N", "-U", path]);
    await netcat.log.said(/^Listening on /);
    const running = startConnect(["--stay-open", "--half-open", path]);
    await converse(running, netcat);
    expect(await running.ended).toEqual({ status: 0, signal: null });
  });

  test("it connects to our unix socket", async () => {
    const path = socketPath();
    const running = await startListen(["--half-open", path]);
    const netcat = startNetcat(["-N", "-U", path]);
    await converse(running, netcat);
    expect(await running.ended).toEqual({ status: 0, signal: null });
  });

  test("we send it datagrams, and it answers", async () => {
    const netcat = await netcatPort(["-l", "-u"]);
    const running = startConnect(["--udp", netcat.port]);
    for (const text of ["one", "two"]) {
      running.input.write(text);
      expect(String(await once(netcat.output, "data"))).toBe(text);
      netcat.input.write(text.toUpperCase());
      expect(String(await once(running.output, "data"))).toBe(text.toUpperCase());
    }
  });

  test("it sends us datagrams, and we answer", async () => {
    const running = await startListen(["--udp", "0"]);
    const netcat = startNetcat(["-u", "127.0.0.1", String(running.port)]);
    for (const text of ["one", "two"]) {
      netcat.input.write(text);
      expect(String(await once(running.output, "data"))).toBe(text);
      running.input.write(text.toUpperCase());
      expect(String(await once(netcat.output, "data"))).toBe(text.toUpperCase());
    }
  });

  test("its end without -N ends nothing, ours does", async () => {
    const running = await startListen(["0"]);
    const netcat = startNetcat(["127.0.0.1", String(running.port)]);
    netcat.input.end("hello");
    expect(String(await once(running.output, "data"))).toBe("hello");
    running.input.end("bye");
    expect(String(await buffer(netcat.output))).toBe("bye");
    expect(await outputOf(running)).toHaveLength(0);
  });
});
