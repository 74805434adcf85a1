/**
 * slowhttptest, which Debian packages, against a server in this process: slow heads (slowloris), slow
 * bodies (R-U-Dead-Yet), and slow reading. The tool asks with a connection of its own meanwhile
 * whether the service is available, and says so in its CSV; what became of its connections we count.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import type {
  HttpHandler,
  HttpServerOptions,
  HttpServerStats,
} from "../../../../src/protocols/http1/index.js";
import { get, serve } from "./support.js";

const isMissing = spawnSync("slowhttptest", ["-h"]).error !== undefined;
const CONNECTIONS = 200;
const chunk = Buffer.alloc(64 << 10, "x");

/** More than the kernel takes for a peer that does not read, as fast as it is taken. */
const stream: HttpHandler = (_, response) => {
  let left = 256;
  const more = (): void => {
    while (left > 0) {
      left -= 1;
      if (!response.write(chunk)) return;
    }
    response.end();
  };
  response.onDrain = more;
  more();
};

/** Of each row of its CSV, whether the service was available then. */
function rowsOf(csv: string): boolean[] {
  const [head = "", ...lines] = csv.trim().split("\n");
  const at = head.split(",").indexOf("Service Available");
  return lines.map((line) => Number(line.split(",")[at]) > 0);
}

/** Runs the tool for at most so many seconds. */
async function attack(options: HttpServerOptions, seconds: number, ...args: string[]) {
  const { server, client, until } = serve(
    (request, response) => {
      if (request.path === "/large") return stream(request, response);
      if (request.method === "GET") return response.end("ok");
      request.read({ onData: (_, input) => input.clear(), onEnd: () => response.end() });
    },
    options,
    { way: "attached" },
  );
  const folder = mkdtempSync(join(tmpdir(), "slowhttptest-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { port } = server.address as { port: number };
  const path = args.includes("-X") ? "/large" : "/";
  const child = spawn(
    "slowhttptest",
    [
      ...["-c", String(CONNECTIONS), "-r", String(CONNECTIONS), "-l", String(seconds), "-p", "5"],
      ...["-g", "-o", join(folder, "out"), "-u", `http://127.0.0.1:${port}${path}`, ...args],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let isOver = false;
  const ended = Promise.all([once(child, "close"), text(child.stdout)]);
  void ended.then(() => {
    isOver = true;
  });
  // An honest client of our own, over and over.
  let answers = 0;
  const one = client();
  await until(() => {
    if (!isOver && one.answers === answers) {
      answers += 1;
      one.send(get());
    }
    return isOver;
  });
  await until(() => one.answers === answers);
  const [, output] = await ended;
  one.close();
  await until(() => server.stats().activeConnections === 0);
  const rows = rowsOf(readFileSync(join(folder, "out.csv"), "latin1"));
  return { output, rows, answers, stats: server.stats() };
}

function expectAvailable(rows: readonly boolean[], output: string): void {
  expect(rows.length, output).toBeGreaterThan(1);
  // The first row is written before the probe has been answered.
  expect(rows.slice(1), output).not.toContain(false);
}

function expectCounted({ connections, activeRequests }: HttpServerStats): void {
  expect(connections).toBeGreaterThanOrEqual(CONNECTIONS);
  expect(activeRequests).toBe(0);
}

describe.skipIf(isMissing)(`slowhttptest${isMissing ? ": it is not installed" : ""}`, () => {
  test("-H: slow heads are ended by the head's time; the service stays available", async () => {
    const { rows, output, stats, answers } = await attack(
      { headTimeoutMs: 1000 },
      6,
      "-H",
      "-i",
      "1",
    );
    expectAvailable(rows, output);
    expectCounted(stats);
    expect(stats.timeouts.head).toBe(CONNECTIONS);
    expect(output).toContain("No open connections left");
    expect(answers).toBeGreaterThan(10);
  });

  test("-B: slow bodies are ended by the request's time", async () => {
    const { rows, output, stats, answers } = await attack(
      { requestTimeoutMs: 1500 },
      6,
      ...["-B", "-i", "1", "-s", "8192", "-t", "POST"],
    );
    expectAvailable(rows, output);
    expectCounted(stats);
    expect(stats.timeouts.request).toBe(CONNECTIONS);
    expect(output).toContain("No open connections left");
    expect(answers).toBeGreaterThan(10);
  });

  test("-X: slow readers are ended by the write's time", async () => {
    const { rows, output, stats, answers } = await attack(
      { writeTimeoutMs: 1000 },
      6,
      ...["-X", "-n", "1", "-z", "16", "-w", "16", "-y", "32", "-k", "3"],
    );
    expectAvailable(rows, output);
    expectCounted(stats);
    // The tool goes on reading what it had received before the reset, a few bytes a second.
    expect(stats.timeouts.write).toBeGreaterThanOrEqual(CONNECTIONS);
    expect(answers).toBeGreaterThan(10);
  });
});
