// The memory bench: its sums and verdicts, its crowd of connections, and the shortest run.
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { canCompile } from "../../bench/build.mjs";
import { runToEnd } from "../../bench/children.mjs";
import { Crowd } from "../../bench/crowd.mjs";
import {
  formatMemory,
  judgeMemory,
  type Point,
  perConnection,
  type Round,
} from "../../bench/memory-report.mjs";

const isBuilt = existsSync(new URL("../../dist/index.js", import.meta.url));
/** Against a hang: a run starts several processes, and takes ten times as long on a busy machine. */
const TIMEOUT_MS = 60_000;

/** What 10 connections take, in bytes for each. */
function round(idle: number, used: number): Round {
  const reading = (each: number) => ({
    rss: 1000 + 20 * each,
    heapUsed: 5000 + 10 * each,
    external: 700 + each,
  });
  return { empty: reading(0), idle: reading(idle), used: reading(used) };
}

const points: Point[] = [
  {
    ...{ name: "ours", connections: 10, leftOut: undefined },
    rounds: [round(100, 400), round(900, 400), round(200, 400)],
  },
  {
    ...{ name: "in-c", connections: 10, leftOut: undefined },
    rounds: [{ empty: { rss: 50 }, idle: { rss: 50 }, used: { rss: 20_050 } }],
  },
  { ...{ name: "bad", connections: 10, leftOut: undefined }, rounds: [{ invalid: "no luck" }] },
  { ...{ name: "ours", connections: 5000, leftOut: "too many" }, rounds: [] },
];

describe("perConnection()", () => {
  it("shares the growth out, whichever readings there are", () => {
    expect(perConnection({ rss: 100 }, { rss: 600 }, 50)).toEqual({ rss: 10 });
    const empty = { rss: 100, heapUsed: 10, external: 9 };
    const full = { rss: 90, heapUsed: 40, external: 9 };
    expect(perConnection(empty, full, 10)).toEqual({ rss: -1, heapUsed: 3, external: 0 });
  });
});

describe("formatMemory()", () => {
  it("has a row for each point that was measured, by the medians, and tells the others", () => {
    const lines = formatMemory(points).split("\n");
    const cells = lines.slice(2, 5).map((row) => {
      return row.split("|").map((cell) => cell.trim());
    });
    expect(cells.map((row) => row.slice(1, -1))).toEqual([
      ["ours", "10", "200", "20", "400", "400", "40", "800"],
      ["in-c", "10", "-", "-", "0", "-", "-", "2,000"],
      ["bad", "10", "-", "-", "-", "-", "-", "-"],
    ]);
    expect(lines.slice(6)).toEqual([
      "- INVALID bad, 10 connections: no luck",
      "- Left out ours, 5,000 connections: too many",
    ]);
  });
});

describe("judgeMemory()", () => {
  const bar = { contestant: "ours", connections: 10, state: "idle", bytesMax: 220 } as const;

  it("compares the heap and what it holds outside with the bar", () => {
    const rule = "ours <= 220 B of heap per idle connection (10)";
    expect(judgeMemory(bar, points)).toBe(`bar met: ${rule}: 220 B`);
    expect(judgeMemory({ ...bar, bytesMax: 219 }, points)).toContain("bar not met: ");
    expect(judgeMemory({ ...bar, state: "used" }, points)).toBe(
      "bar not met: ours <= 220 B of heap per connection after a message (10): 440 B",
    );
  });

  it("judges nobody without a figure", () => {
    for (const name of ["in-c", "bad", "absent"]) {
      expect(judgeMemory({ ...bar, contestant: name }, points)).toContain("bar not judged: ");
    }
    expect(judgeMemory({ ...bar, connections: 5000 }, points)).toContain("no figure");
  });
});

describe("Crowd", () => {
  async function serve(): Promise<{ server: Server; port: number; bytes: () => number }> {
    let bytes = 0;
    const server = createServer((socket) => {
      socket.on("data", (chunk) => {
        bytes += chunk.length;
        socket.write(chunk);
      });
    });
    await once(server.listen({ host: "127.0.0.1", port: 0, backlog: 200 }), "listening");
    onTestFinished(async () => {
      await once(server.close(), "close");
    });
    return { server, port: (server.address() as AddressInfo).port, bytes: () => bytes };
  }

  it("is accepted when opened, talks once each, and is gone when closed", async () => {
    const { server, port, bytes } = await serve();
    const crowd = new Crowd(port);
    const count = () => new Promise((resolve) => server.getConnections((_, n) => resolve(n)));
    await crowd.open(250);
    expect(await count()).toBe(250);
    // One message for every hundred: the others are idle.
    expect(bytes()).toBe(3 * 64);
    await crowd.talk();
    expect(bytes()).toBe((3 + 250) * 64);
    await crowd.close();
    expect(await count()).toBe(0);
  });

  it("fails when the server refuses", async () => {
    const { server, port } = await serve();
    server.close();
    await expect(new Crowd(port).open(3)).rejects.toThrow("ECONNREFUSED");
  });
});

describe.skipIf(!isBuilt)("npm run bench -- memory (needs dist/)", () => {
  it(
    "measures, and judges no bar it has no figure for",
    async () => {
      const run = fileURLToPath(new URL("../../bench/run.mjs", import.meta.url));
      const inC = canCompile() === true ? "c-epoll," : "";
      const args = [run, "memory", "--contestants", `${inC}stream`, "--connections", "150"];
      const { stdout, how } = await runToEnd({ file: process.execPath, args }, TIMEOUT_MS);
      expect(how, stdout).toContain("code 0");
      expect(stdout).toMatch(/^\| stream +\| +150 \| +[\d,]+ \|/m);
      if (inC !== "") expect(stdout).toMatch(/^\| c-epoll +\| +150 \| +- \| +- \| +-?[\d,]+ \|/m);
      expect(stdout).toContain("- bar not judged: stream <= 1,536 B");
    },
    TIMEOUT_MS,
  );
});
