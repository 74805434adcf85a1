// The bench of server models: its load against servers that serve all, some or nobody, its summaries
// and charts, and the shortest run.
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { canCompile, compile } from "../../bench/build.mjs";
import { runToEnd, startServer } from "../../bench/children.mjs";
import { formatModels, replaceFigures, toModelCharts } from "../../bench/models-report.mjs";
import { p99Us, summarizeModel, toModelRound } from "../../bench/models-summary.mjs";

const possible = canCompile();
const isBuilt = existsSync(new URL("../../dist/index.js", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "bench-models-"));
/** Against a hang: a run starts several processes, and takes ten times as long on a busy machine. */
const TIMEOUT_MS = 60_000;
vi.setConfig({ testTimeout: TIMEOUT_MS });

afterAll(() => rmSync(directory, { recursive: true }));

if (possible !== true) console.log(`Parts of test/bench/models.test.ts are skipped: ${possible}`);
if (!isBuilt) console.log("Parts of test/bench/models.test.ts are skipped: dist/ is not built");

async function load(port: number, connections: number, pid = process.pid) {
  const numbers = [port, connections, 0.02, 0.1, pid];
  const command = { file: compile("modelload.c"), args: ["127.0.0.1", ...numbers.map(String)] };
  const { stdout, how } = await runToEnd(command, TIMEOUT_MS);
  return { stdout, how, result: JSON.parse(stdout) };
}

describe.skipIf(possible !== true)("modelload", () => {
  it("counts who is served, and how large the server is", async () => {
    const server = await startServer({ file: compile("servers/c-epoll.c"), args: [] });
    const { result, how } = await load(server.port, 150, server.pid);
    expect(await server.stop()).toBe(undefined);
    expect(how).toContain("code 0");
    const fates = { served: 150, waiting: 0, refused: 0, lost: 0, error: "" };
    expect(result).toMatchObject({ connections: 150, refusal: "", ...fates });
    expect(result.idle).toMatchObject({ threads: 1, ownBytes: expect.any(Number) });
    expect(result.open.ownBytes).toBeGreaterThanOrEqual(result.idle.ownBytes);
    expect(result.messages).toBeGreaterThan(0);
    expect(result.server.cpuNs).toBeGreaterThan(0);
  });

  /** `serve` is told the how manieth the connection is, from 1. */
  async function listen(serve: (socket: Socket, number: number) => void): Promise<number> {
    let count = 0;
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => socket.destroy());
      serve(socket, ++count);
    });
    await once(server.listen({ host: "127.0.0.1", port: 0, backlog: 200 }), "listening");
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), "close");
    });
    return (server.address() as AddressInfo).port;
  }

  const echo = (socket: Socket) => socket.on("data", (bytes) => socket.write(bytes));

  it("tells who waits for ever from who is served", async () => {
    const port = await listen((socket, number) => {
      if (number <= 3) echo(socket);
      else socket.resume();
    });
    const { result, how } = await load(port, 20);
    expect(how).toContain("code 0");
    expect(result).toMatchObject({ served: 3, waiting: 17, refused: 0, lost: 0, error: "" });
    // The fewest messages of any connection: who waits has none.
    expect(result.perConnection.min).toBe(0);
    expect(result.messages).toBeGreaterThan(0);
  });

  it("counts who is refused, and keeps the reason", async () => {
    const port = await listen((socket, number) => {
      if (number <= 2) echo(socket);
      else socket.resume().end('Busy: "2" workers\nand more');
    });
    const { result, how } = await load(port, 12);
    expect(how).toContain("code 0");
    expect(result).toMatchObject({ served: 2, waiting: 0, refused: 10, lost: 0, error: "" });
    expect(result.refusal).toBe("Busy: 2 workers");
  });

  it("measures nothing, but is no failure, where everybody is refused", async () => {
    const port = await listen((socket) => socket.resetAndDestroy());
    const { stdout, result } = await load(port, 4);
    expect(result).toMatchObject({ served: 0, refused: 4, messages: 0, error: "" });
    expect(toModelRound(stdout, "")).toMatchObject({ extent: { served: 0, refused: 4 } });
    expect(toModelRound(stdout, "")).not.toHaveProperty("invalid");
  });

  it("counts who is closed after an answer as lost", async () => {
    const port = await listen((socket, number) => {
      socket.on("data", (bytes) => (number === 1 ? socket.write(bytes) : socket.end(bytes)));
    });
    const { result } = await load(port, 5);
    expect(result).toMatchObject({ served: 1, refused: 0, lost: 4, error: "" });
  });

  it("reports a changed byte", async () => {
    const port = await listen((socket) => {
      let count = 0;
      socket.on("data", (bytes) => {
        count += 1;
        socket.write(count < 3 ? bytes : bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)));
      });
    });
    const { result, how } = await load(port, 2);
    expect(how).toContain("code 1");
    expect(result.error).toMatch(/^Wrong bytes came back to connection \d$/);
  });

  it.each([
    ["another machine", ["192.0.2.1", "80", "1", "0", "1", "1"], "127.0.0.0/8"],
    ["endless time", ["127.0.0.1", "80", "1", "0", "1e9", "1"], "SECONDS must be"],
    ["too few arguments", ["127.0.0.1"], "Usage: modelload"],
  ])("refuses %s", async (_name, args, message) => {
    const { stdout, how } = await runToEnd({ file: compile("modelload.c"), args }, TIMEOUT_MS);
    expect(stdout).toBe("");
    expect(how).toContain("code 2");
    expect(how).toContain(message);
  });
});

const KIB = 1024;

function line(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    ...{ messages: 1000, seconds: 0.5, generatorPercent: 50, othersPercent: 0, stolenPercent: 0 },
    latencyUs: { p50: 20, p90: 30, p99: 40, p999: 50, max: 60 },
    server: { cpuNs: 4_000_000, userTicks: 1, systemTicks: 3, rssBytes: 2 ** 20 },
    perConnection: { min: 10, max: 20 },
    ...{ errors: 0, error: "", served: 100, waiting: 0, refused: 0, lost: 0, refusal: "" },
    idle: { ownBytes: 1000 * KIB, threads: 7 },
    open: { ownBytes: 3000 * KIB, threads: 9 },
    ...changes,
  });
}

const summaryOf = (...lines: string[]) =>
  summarizeModel(lines.map((text) => toModelRound(text, "it ended")));

describe("summarizeModel()", () => {
  it("shares the memory out among those who are not refused", () => {
    const { extent } = summaryOf(line({ served: 8, waiting: 92 }));
    expect(extent).toMatchObject({ kibPerConnection: 20, threads: 9, idleThreads: 7 });
    expect(summaryOf(line({ served: 50, refused: 50 })).extent?.kibPerConnection).toBe(40);
  });

  it("takes medians, and leaves invalid rounds out", () => {
    const bad = line({ errors: 1, error: "no luck" });
    const summary = summaryOf(line({ served: 90 }), bad, line({ served: 98 }), "");
    expect(summary.extent?.served).toBe(94);
    expect(summary.invalid).toEqual(["no luck", "The generator gave no result: it ended"]);
  });
});

describe("p99Us()", () => {
  it("is never where more than one in a hundred waits for ever, whatever the others have", () => {
    expect(p99Us(summaryOf(line()))).toBe(40);
    expect(p99Us(summaryOf(line({ served: 99, waiting: 1 })))).toBe(40);
    expect(p99Us(summaryOf(line({ served: 98, waiting: 2 })))).toBe(Infinity);
    // Who is refused knows it, and does not wait.
    expect(p99Us(summaryOf(line({ served: 10, refused: 90 })))).toBe(40);
  });
});

const entry = (name: string, ...lines: string[]) => {
  return { name, skipped: undefined, summary: summaryOf(...lines) };
};

const result = {
  trial: { title: "100 connections", connections: 100 },
  entries: [
    entry("all", line()),
    entry("pool", line({ served: 8, waiting: 92, othersPercent: 50 })),
    entry("threads", line({ served: 60, refused: 40, refusal: "Busy" })),
    entry("bad", line({ errors: 1, error: "no luck" })),
    { ...entry("absent"), skipped: "not here" },
  ],
};

describe("formatModels()", () => {
  it("says of how many each figure is, and tells who was not served", () => {
    const lines = formatModels(result).split("\n");
    const cells = lines.slice(4, 8).map((row) => row.split("|").map((cell) => cell.trim()));
    expect(cells.map(([, name, served, rate, , , , p99]) => [name, served, rate, p99])).toEqual([
      ["all", "100 of 100", "2,000", "40.0"],
      ["pool", "8 of 100", "2,000", "never"],
      ["threads", "60 of 100", "2,000", "40.0"],
      ["bad (invalid)", "-", "-", "-"],
    ]);
    expect(lines.at(-1)).toMatch(/^- Rounds disturbed by other work .*: pool 1 of 1 \(50 %\)$/);
    expect(lines.slice(-5, -1)).toEqual([
      "- pool: 92 never had an answer",
      '- threads: 40 refused ("Busy")',
      "- INVALID bad, 1 of 1 rounds: no luck",
      "- Skipped absent: not here",
    ]);
  });
});

describe("toModelCharts()", () => {
  it("marks points where not everybody was served, and has a place for never", () => {
    const charts = toModelCharts([result]);
    const pointsOf = (name: string) => {
      const series = charts.find((one) => one.name === name)?.chart.series ?? [];
      return Object.fromEntries(series.map(({ label, points }) => [label, points[0]]));
    };
    expect(pointsOf("served")).toEqual({
      all: [100, 100, false],
      pool: [100, 8, true],
      threads: [100, 60, true],
    });
    expect(pointsOf("latency")).toMatchObject({
      all: [100, 0.04, false],
      pool: [100, Infinity, true],
    });
  });
});

describe("replaceFigures()", () => {
  const page = (inside: string) =>
    `# A\n<!-- figures of npm run bench -- models: begin -->${inside}<!-- figures: end -->\nB\n`;

  it("puts the report between the marks, its headings one level down", () => {
    const first = replaceFigures(page("\nold\n"), "# Bench\n\n## C");
    expect(first).toBe(page("\n\n## Bench\n\n### C\n\n"));
    expect(replaceFigures(first, "# Bench\n\n## C")).toBe(first);
  });

  it("refuses a page without them", () => {
    expect(() => replaceFigures("# A", "x")).toThrow(RangeError);
  });
});

describe.skipIf(possible !== true || !isBuilt)("npm run bench -- models (needs dist/)", () => {
  it("measures, and writes the chapter with its plots beside it", async () => {
    const chapter = join(directory, "models.md");
    writeFileSync(
      chapter,
      "# A\n\n<!-- figures of npm run bench -- models: begin -->\n<!-- figures: end -->\n",
    );
    const run = fileURLToPath(new URL("../../bench/run.mjs", import.meta.url));
    const shortest = ["--rounds", "1", "--seconds", "0.1", "--warmup", "0"];
    const args = [
      run,
      "models",
      "--models",
      "reactor,stream",
      "--connections",
      "1,20",
      ...shortest,
    ];
    const command = { file: process.execPath, args: [...args, "--chapter", chapter] };
    const { stdout, how } = await runToEnd(command, TIMEOUT_MS);
    expect(how, stdout).toContain("code 0");
    expect(stdout).toMatch(/^\| stream +\| 20 of 20 \| +[1-9]/m);
    expect(readFileSync(chapter, "utf8")).toMatch(/^\| reactor +\| 1 of 1 \|/m);
    const plots = readdirSync(directory).filter((name) => name.endsWith(".svg"));
    expect(plots).toContain("models-served.svg");
    expect(readFileSync(join(directory, "models-memory.svg"), "utf8")).toContain(">stream<");
  });
});
