// The newcomers bench: its generator against good and bad servers, its tables, the shortest run.
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { canCompile, compile } from "../../bench/build.mjs";
import { runToEnd, startServer } from "../../bench/children.mjs";
import {
  formatNewcomers,
  formatNewcomersBars,
  toNewcomersRound,
} from "../../bench/newcomers-report.mjs";

const possible = canCompile();
const isBuilt = existsSync(new URL("../../dist/index.js", import.meta.url));
/** Against a hang: a run starts several processes, and takes ten times as long on a busy machine. */
const TIMEOUT_MS = 60_000;

if (possible !== true)
  console.log(`Parts of test/bench/newcomers.test.ts are skipped: ${possible}`);

async function generate(...numbers: number[]) {
  const command = { file: compile("newcomers.c"), args: ["127.0.0.1", ...numbers.map(String)] };
  return await runToEnd(command, TIMEOUT_MS);
}

describe.skipIf(possible !== true)("newcomers", () => {
  it.each([
    ["one at a time", 8, 4, 1, 5],
    ["many at once", 8, 4, 300, 2],
    ["at an idle server", 0, 1, 20, 2],
  ])("counts who is served: %s", async (_name, busy, depth, burst, bursts) => {
    const server = await startServer({ file: compile("servers/c-epoll.c"), args: [] });
    const { stdout, how } = await generate(server.port, busy, depth, burst, bursts, server.pid);
    expect(await server.stop()).toBe(undefined);
    expect(how).toContain("code 0");
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ newcomers: burst * bursts, bursts, unanswered: 0, error: "" });
    expect(result.latencyUs.p50).toBeGreaterThan(0);
    expect(result.latencyUs.p50).toBeLessThanOrEqual(result.latencyUs.max);
    expect(result.busyMessages > 0).toBe(busy > 0);
    if (busy === 0) expect(result.overtaken).toEqual({ p50: 0, p99: 0 });
  });

  /** Leaves the first connection, the busy one, alone. */
  async function serve(treat: (socket: Socket, bytes: Buffer) => void): Promise<number> {
    let count = 0;
    const server = createServer((socket) => {
      const isBusy = ++count === 1;
      socket.on("error", () => socket.destroy());
      socket.on("data", (bytes) => {
        if (isBusy) socket.write(bytes);
        else treat(socket, bytes);
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(async () => {
      await once(server.close(), "close");
    });
    return (server.address() as AddressInfo).port;
  }

  it.each<[string, (socket: Socket, bytes: Buffer) => void, RegExp]>([
    [
      "a changed byte",
      (socket, bytes) => socket.write(bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte))),
      /^Wrong bytes came back to a newcomer$/,
    ],
    [
      "bytes nobody sent",
      (socket, bytes) => socket.write(Buffer.concat([bytes, bytes])),
      /^More bytes came back than were sent$/,
    ],
    [
      "a newcomer that is turned away",
      (socket) => socket.destroy(),
      /^The server closed a newcomer$|^recv, newcomer: /,
    ],
  ])("reports %s", async (_name, treat, error) => {
    const port = await serve(treat);
    const { stdout, how } = await generate(port, 1, 1, 2, 1, process.pid);
    expect(how).toContain("code 1");
    expect(JSON.parse(stdout)).toMatchObject({ errors: 1, error: expect.stringMatching(error) });
  });

  it.each([
    ["another machine", ["192.0.2.1", "80", "1", "1", "1", "1", "1"], "127.0.0.0/8"],
    ["endless bursts", ["127.0.0.1", "80", "1", "1", "1", "1e9", "1"], "BURSTS must be"],
    ["too few arguments", ["127.0.0.1"], "Usage: newcomers"],
  ])("refuses %s", async (_name, args, message) => {
    const { stdout, how } = await runToEnd({ file: compile("newcomers.c"), args }, TIMEOUT_MS);
    expect(stdout).toBe("");
    expect(how).toContain("code 2");
    expect(how).toContain(message);
  });

  it.skipIf(!isBuilt)(
    "takes part in a run (needs dist/)",
    async () => {
      const run = fileURLToPath(new URL("../../bench/run.mjs", import.meta.url));
      const shortest = ["--trials", "single", "--rounds", "1", "--bursts", "0.05"];
      const args = [run, "newcomers", "--contestants", "stream,node-net", ...shortest];
      const { stdout, how } = await runToEnd({ file: process.execPath, args }, TIMEOUT_MS);
      expect(how, stdout).toContain("code 0");
      expect(stdout).toMatch(/^\| stream +\| .*[1-9]/m);
      expect(stdout).toMatch(/^\| node-net +\| .*[1-9]/m);
    },
    TIMEOUT_MS,
  );
});

const line = (p50: number, unanswered: number) =>
  JSON.stringify({
    ...{ newcomers: 10, unanswered, latencyUs: { p50, p90: 2e3, p99: 3e3, max: 4e3 } },
    ...{ overtaken: { p50: 70, p99: 1234 }, busyMessages: 5000, seconds: 0.5 },
    ...{ serverNs: 4e8, generatorNs: 1e8, errors: 0, error: "" },
  });

describe("formatNewcomers()", () => {
  const trial = { name: "t", title: "A trial" };

  it("shows medians in ms, and the sum of those without an answer", () => {
    const rounds = [line(1000, 0), line(7000, 2), line(1500, 1)].map((text) =>
      toNewcomersRound(text, ""),
    );
    const lines = formatNewcomers(trial, [{ name: "a", skipped: undefined, rounds }]).split("\n");
    const cells = lines[4]?.split("|").map((cell) => cell.trim());
    expect(lines[0]).toBe("## A trial (t)");
    expect(cells?.slice(1, -1)).toEqual([
      ...["a", "1.50", "2.00", "3.00", "4.00", "70", "1,234", "3", "10,000", "80 %", "20 %"],
    ]);
  });

  it("keeps invalid rounds out of the medians and names the reasons once", () => {
    const bad = toNewcomersRound('{"errors":1,"error":"no luck"}', "");
    const rounds = [bad, toNewcomersRound(line(1000, 0), ""), bad];
    const text = formatNewcomers(trial, [
      { name: "a", skipped: undefined, rounds },
      { name: "b", skipped: undefined, rounds: [toNewcomersRound("", "it ended with code 3")] },
      { name: "c", skipped: "not here", rounds: [] },
    ]);
    expect(text).toMatch(/^\| a \(2 invalid\) \| +1\.00 \|/m);
    expect(text).toMatch(/^\| b \(invalid\) +\| +- \|/m);
    expect(text.split("\n").slice(-3)).toEqual([
      "- INVALID a, 2 of 3 rounds: no luck",
      "- INVALID b, 1 of 1 rounds: The generator gave no result: it ended with code 3",
      "- Skipped c: not here",
    ]);
  });
});

describe("formatNewcomersBars()", () => {
  it("compares by whom newcomers were overtaken", () => {
    const entry = (name: string, ...overtaken: number[]) => {
      const rounds = overtaken.map((overtakenP99) => ({ sample: { overtakenP99 } }));
      return { name, skipped: undefined, rounds };
    };
    const results = [{ trial: { name: "t" }, entries: [entry("a", 9, 300, 8), entry("b", 3)] }];
    const bar = (atMost: number, against = "b") => ({
      contestant: "a",
      against,
      trial: "t",
      atMost,
    });
    expect(
      formatNewcomersBars([bar(3), bar(2.9), bar(3, "c")], results)
        .split("\n")
        .slice(2),
    ).toEqual([
      "- bar met: a <= 3 × b (t): 3.000 (9.00 / 3.00 messages)",
      "- bar not met: a <= 2.9 × b (t): 3.000 (9.00 / 3.00 messages)",
      "- bar not judged: a <= 3 × c (t): no figure of c",
    ]);
  });
});
