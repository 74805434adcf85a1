// The whole bench as its users start it, with the shortest round there is.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { canCompile } from "../../bench/build.mjs";
import { runToEnd, startServer } from "../../bench/children.mjs";

const possible = canCompile();
const isBuilt = existsSync(new URL("../../dist/index.js", import.meta.url));
const bench = fileURLToPath(new URL("../../bench/", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "bench-"));
/** Against a hang: a run starts several processes, and takes ten times as long on a busy machine. */
const TIMEOUT_MS = 60_000;
vi.setConfig({ testTimeout: TIMEOUT_MS });

afterAll(() => rmSync(directory, { recursive: true }));

function run(...args: string[]) {
  return runToEnd({ file: process.execPath, args: [join(bench, "run.mjs"), ...args] }, TIMEOUT_MS);
}

if (possible !== true) console.log(`Parts of test/bench/run.test.ts are skipped: ${possible}`);
if (!isBuilt) console.log("Parts of test/bench/run.test.ts are skipped: dist/ is not built");

describe("bench/run.mjs", () => {
  it("shows its help", async () => {
    const { stdout, how } = await run("--help");
    expect(stdout).toMatch(/^Usage: npm run bench -- echo/);
    expect(how).toContain("code 0");
  });

  it("ends with 1 for a wrong argument", async () => {
    const { stdout, how } = await run("echo", "--trials", "none");
    expect(stdout).toBe("");
    expect(how).toContain("code 1");
  });

  it("refuses a file it cannot write before it measures", async () => {
    const { stdout, how } = await run("echo", "--json", join(directory, "absent", "a.json"));
    expect(stdout).toBe("");
    expect(how).toContain("code 1");
  });

  it.skipIf(possible !== true)("measures, reports and writes both files", async () => {
    const json = join(directory, "echo.json");
    const markdown = join(directory, "echo.md");
    const { stdout, how } = await run(
      ...["echo", "--trials", "c64", "--contestants", "c-epoll,node-net", "--rounds", "1"],
      ...["--seconds", "0.1", "--warmup", "0", "--json", json, "--markdown", markdown],
    );
    expect(how).toContain("code 0");
    expect(stdout).toMatch(/^\| c-epoll +\| .* \| +1\.00 \|/m);
    expect(stdout).toMatch(/^\| node-net +\| /m);
    expect(stdout).toContain("bar not judged: selector-epoll <= 1.1 × c-epoll (c64)");
    expect(readFileSync(markdown, "utf8").trim()).toContain("## 64 B, 64 connections (c64)");
    const [result] = JSON.parse(readFileSync(json, "utf8")).results;
    expect(result.entries[0].rounds[0].sample.cpuUs).toBeGreaterThan(0);
  });
});

describe.skipIf(!isBuilt)("the benches with workers", () => {
  it("measure every micro case of a group", async () => {
    const markdown = join(directory, "micro.md");
    const lengths = ["--seconds", "0.01", "--warmup", "0"];
    const { stdout, how } = await run(
      ...["micro", "--groups", "binding", ...lengths, "--markdown", markdown],
    );
    expect(how, stdout).toContain("code 0");
    expect(stdout).toContain("- Command: npm run bench -- micro --groups binding");
    for (const name of ["nowMs", "recv-raw", "recv"]) {
      expect(stdout).toMatch(new RegExp(`^\\| ${name} +\\| +[1-9]`, "m"));
    }
    expect(readFileSync(markdown, "utf8").trim()).toBe(stdout.trim());
  });

  it("measure every backend beside idle descriptors, and draw it", async () => {
    const [json, svg] = [join(directory, "dispatch.json"), join(directory, "dispatch.svg")];
    const { stdout, how } = await run(
      ...["dispatch", "--backends", "poll,select", "--descriptors", "10,600", "--writes", "10"],
      ...["--active", "5", "--seconds", "0.01", "--json", json, "--svg", svg],
    );
    expect(how, stdout).toContain("code 0");
    expect(stdout).toMatch(/^## 5 active, µs per event$/m);
    expect(stdout).toContain("- select: it takes descriptors up to 1023: 600 descriptors");
    const { points } = JSON.parse(readFileSync(json, "utf8"));
    // Each byte is one event: 5 and 10 more, five at a time, are three turns.
    expect(points.map((point: { turns?: number }) => point.turns)).toEqual([3, 3, undefined, 3]);
    expect(readFileSync(svg, "utf8")).toContain("poll, 5 active");
  });
});

describe("startServer()", () => {
  const node = (script: string) => ({ file: process.execPath, args: ["-e", script] });

  it("reports a server that ends without a port, with its last words", async () => {
    const started = startServer(node("console.error('no luck'); process.exit(3)"));
    await expect(started).rejects.toThrow(
      "The server did not start: it ended with code 3 (no luck)",
    );
  });

  it("reports a program that does not exist", async () => {
    const started = startServer({ file: join(directory, "absent"), args: [] });
    await expect(started).rejects.toThrow("could not be started (ENOENT)");
  });

  it("tells when the server was gone before it was stopped", async () => {
    const script = "console.log('PORT 1'); setTimeout(() => process.exit(4), 20)";
    const server = await startServer(node(script));
    await vi.waitFor(() => expect(isAlive(server.pid)).toBe(false), { timeout: 15_000 });
    expect(await server.stop()).toBe("The server was gone: it ended with code 4");
  });

  it("kills a server that does not end on SIGTERM", async () => {
    const script =
      "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('PORT 1')";
    const server = await startServer(node(script));
    expect(await server.stop()).toBe("The server did not end on SIGTERM");
    expect(isAlive(server.pid)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
