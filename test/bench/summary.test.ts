import { describe, expect, it } from "vitest";
import { judge } from "../../bench/bars.mjs";
import { summarize, toRound } from "../../bench/summary.mjs";

function resultLine(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    messages: 1000,
    seconds: 0.5,
    latencyUs: { p50: 20, p90: 30, p99: 40, p999: 50, max: 60 },
    generatorPercent: 90,
    othersPercent: 1,
    stolenPercent: 0,
    server: { cpuNs: 4_000_000, userTicks: 1, systemTicks: 3, rssBytes: 2 ** 20 },
    perConnection: { min: 10, max: 20 },
    errors: 0,
    error: "",
    ...changes,
  });
}

describe("toRound()", () => {
  it("turns totals into figures per message and per second", () => {
    expect(toRound(resultLine(), "")).toMatchObject({
      sample: {
        cpuUs: 4,
        userUs: 1,
        systemUs: 3,
        messagesPerSecond: 2000,
        serverShare: 0.008,
        generatorShare: 0.9,
        rssMiB: 1,
        fairness: 0.5,
      },
    });
  });

  it("divides by no ticks when the window was too short for one", () => {
    const server = { cpuNs: 4_000_000, userTicks: 0, systemTicks: 0, rssBytes: 0 };
    const round = toRound(resultLine({ server }), "");
    expect(round).toMatchObject({ sample: { cpuUs: 4, userUs: 0, systemUs: 4 } });
  });

  it("calls a round invalid that had an error, no messages or no result", () => {
    expect(toRound(resultLine({ errors: 1, error: "Byte 7" }), "")).toEqual({ invalid: "Byte 7" });
    expect(toRound(resultLine({ messages: 0 }), "")).toHaveProperty("invalid");
    expect(toRound("", "it ended by SIGALRM")).toEqual({
      invalid: "The generator gave no result: it ended by SIGALRM",
    });
  });
});

describe("summarize()", () => {
  it("takes medians over valid rounds and keeps the reasons of the others", () => {
    const rounds = [3, 4, 8].map((ms) =>
      toRound(
        resultLine({ server: { cpuNs: ms * 1e6, userTicks: 0, systemTicks: 1, rssBytes: 0 } }),
        "",
      ),
    );
    const summary = summarize([...rounds, { invalid: "Byte 7" }]);
    expect(summary).toMatchObject({ rounds: 4, invalid: ["Byte 7"], disturbed: 0 });
    expect(summary.figures).toHaveProperty("cpuUs", 4);
    expect(summary.spread).toBeCloseTo(1.25);
  });

  it("has no figures if no round was valid", () => {
    const summary = summarize([{ invalid: "gone" }]);
    expect(summary).toMatchObject({ figures: undefined, spread: undefined, invalid: ["gone"] });
  });

  it("has no spread with one round", () => {
    expect(summarize([toRound(resultLine(), "")]).spread).toBe(undefined);
  });

  it("counts the rounds that other work disturbed", () => {
    const rounds = [0, 4, 40].map((stolenPercent) => toRound(resultLine({ stolenPercent }), ""));
    expect(summarize(rounds).disturbed).toBe(1);
  });
});

describe("judge()", () => {
  const bar = { contestant: "ours", against: "c", trial: "c64", atMost: 1.1 };
  const figures = (ours: number | undefined, disturbed = 0) => {
    return (_trial: string, name: string) => {
      const cpuUs = name === "ours" ? ours : 3.5;
      return { figures: cpuUs === undefined ? undefined : { cpuUs }, disturbed, rounds: 5 };
    };
  };

  it("says whether the bar is met, with the figures", () => {
    expect(judge(bar, figures(3.6))).toBe("bar met: ours <= 1.1 × c (c64): 1.029 (3.60 / 3.50 µs)");
    expect(judge(bar, figures(4))).toMatch(/^bar not met: .* 1\.143 \(4\.00 \/ 3\.50 µs\)$/);
  });

  it("judges a lower bound", () => {
    const lower = { contestant: "ours", against: "c", trial: "c64", atLeast: 1.45 };
    expect(judge(lower, figures(6))).toMatch(/^bar met: ours >= 1\.45/);
    expect(judge(lower, figures(4))).toMatch(/^bar not met/);
  });

  it("says so when most rounds were disturbed", () => {
    expect(judge(bar, figures(3.6, 2))).toMatch(/µs\)$/);
    expect(judge(bar, figures(3.6, 3))).toMatch(/; most rounds were disturbed, measure again$/);
  });

  it("does not judge without figures", () => {
    const line = judge(bar, figures(undefined));
    expect(line).toBe("bar not judged: ours <= 1.1 × c (c64): no figure of ours");
  });
});
