// Every contestant of the http bench answers every trial it takes part in; the load generator
// judges them. Those that are not here are skipped, for the reason they give.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { canCompile, compile } from "../../bench/build.mjs";
import { runToEnd, startServer } from "../../bench/children.mjs";
import { httpContestants } from "../../bench/http-contestants.mjs";
import { removeHttpFolder } from "../../bench/http-folder.mjs";
import { httpRequests } from "../../bench/http-requests.mjs";
import { formatMicroBars } from "../../bench/micro.mjs";
import { findRival, rivals } from "../../bench/runtimes.mjs";
import { httpTrials } from "../../bench/trials.mjs";

const possible = canCompile();
/** Against a hang: a run starts several processes, and takes ten times as long on a busy machine. */
const TIMEOUT_MS = 60_000;
vi.setConfig({ testTimeout: TIMEOUT_MS });
afterAll(removeHttpFolder);

const run = fileURLToPath(new URL("../../bench/run.mjs", import.meta.url));
const parser = new URL("../../dist/protocols/http1/parser/request-parser.js", import.meta.url);

describe.each(httpContestants)("$name", ({ serves, available, command, portPattern }) => {
  const reason = possible === true ? available() : possible;
  const why = reason === true ? "" : ` (not here: ${reason})`;

  it.skipIf(reason !== true).each(httpTrials.filter(({ kind }) => serves.includes(kind)))(
    `answers the trial $name${why}`,
    async ({ kind, depth, bodyBytes, request, path }) => {
      const server = await startServer(command({ kind }), portPattern);
      const numbers = [server.port, 8, bodyBytes, depth, 0.02, 0.5, server.pid];
      const args = ["127.0.0.1", ...numbers.map(String), httpRequests[request](path)];
      const { stdout } = await runToEnd({ file: compile("httpload.c"), args }, TIMEOUT_MS);
      expect(await server.stop()).toBe(undefined);
      const result = JSON.parse(stdout);
      expect(result.error).toBe("");
      expect(result.messages).toBeGreaterThan(0);
    },
  );
});

describe("httpRequests", () => {
  it("are as long as they are said to be", () => {
    expect(httpRequests.minimal("/")).toHaveLength(40);
    const browser = httpRequests.browser("/");
    expect(browser.split("\r\n")).toHaveLength(20 + 3);
    expect(browser.length).toBeGreaterThan(950);
    expect(browser.length).toBeLessThan(990);
  });
});

describe("findRival()", () => {
  const rival = { variable: "BENCH_X", what: "X's executable", installed: "absent/x" };

  it("takes what the environment names, and says so if it is not there", () => {
    expect(findRival(rival, { BENCH_X: process.execPath })).toEqual({ path: process.execPath });
    const absent = { missing: 'BENCH_X: no "/absent"' };
    expect(findRival(rival, { BENCH_X: "/absent" })).toEqual(absent);
  });

  it("looks where a package puts it, and says what would help", () => {
    expect(findRival({ ...rival, installed: "fastify" }, {})).toHaveProperty("path");
    expect(findRival(rival, {})).toEqual({
      missing: "install it, or set BENCH_X to X's executable",
    });
    expect(findRival({ ...rival, installed: process.execPath }, {})).toHaveProperty("path");
    expect(Object.keys(rivals)).toContain("bun");
  });
});

describe("formatMicroBars()", () => {
  it("judges by the median, and nobody without a figure", () => {
    const figures = (median: number) => ({ median, p5: 1, p95: 9, count: 5 });
    const results = [
      { name: "a", unit: "x", figures: figures(150) },
      { name: "b", unit: "x", figures: figures(151) },
      { name: "c", unit: "x", invalid: "no luck" },
    ];
    const bars = ["a", "b", "c", "d"].map((name) => ({ name, nsMax: 150 }));
    expect(formatMicroBars(bars, results).split("\n").slice(2)).toEqual([
      "- bar met: a <= 150 ns: 150 ns",
      "- bar not met: b <= 150 ns: 151 ns",
      "- bar not judged: c <= 150 ns: no figure",
      "- bar not judged: d <= 150 ns: no figure",
    ]);
  });
});

describe("npm run bench", () => {
  it.skipIf(possible !== true)("http measures, reports, and judges what it can", async () => {
    const lengths = ["--rounds", "1", "--seconds", "0.5", "--warmup", "0"];
    const trials = ["--trials", "hello,static4k", "--contestants", "c-canned,node-http"];
    const command = { file: process.execPath, args: [run, "http", ...trials, ...lengths] };
    const { stdout, how } = await runToEnd(command, TIMEOUT_MS);
    expect(how, stdout).toContain("code 0");
    expect(stdout).toMatch(/^\| contestant +\| CPU µs\/req \|/m);
    expect(stdout).toMatch(/^\| c-canned +\| .* \| +1\.00 \|/m);
    expect(stdout.match(/^\| node-http +\| /gm)).toHaveLength(2);
    expect(stdout).toContain("- Skipped c-canned: it serves no files");
    expect(stdout).toContain("bar not judged: http <= 0.4 × node-http (hello): no figure of http");
  });

  it("memory has idle connections of HTTP", async () => {
    const args = [run, "memory", "--contestants", "node-http", "--connections", "150"];
    const { stdout, how } = await runToEnd({ file: process.execPath, args }, TIMEOUT_MS);
    expect(how, stdout).toContain("code 0");
    expect(stdout).toMatch(/^\| node-http +\| +150 \| +[\d,]+ \|/m);
    expect(stdout).toContain("- bar not judged: http <= 2,560 B");
  });

  it.skipIf(!existsSync(parser))("micro measures every case of HTTP (needs dist/)", async () => {
    const args = [run, "micro", "--groups", "http", "--seconds", "0.01", "--warmup", "0"];
    const { stdout, how } = await runToEnd({ file: process.execPath, args }, TIMEOUT_MS);
    expect(how, stdout).toContain("code 0");
    expect(stdout).toMatch(/^\| node-http-chunks +\| +[1-9]/m);
    expect(stdout).toMatch(/^- bar (not )?met: http-minimal <= 150 ns: /m);
  });
});
