import { describe, expect, it } from "vitest";
import { formatHelp, parseArguments, type Suites, UsageError } from "../../bench/arguments.mjs";

const trials = ["c1", "c64", "bulk"];
const contestants = ["c-epoll", "node-net"];
const number = { kind: "number", isWhole: false, help: "of a round" } as const;
const suites: Suites = {
  echo: {
    summary: "echo servers",
    options: {
      trials: { kind: "names", allowed: trials, help: "what is asked" },
      contestants: { kind: "names", allowed: contestants, help: "who is asked" },
      rounds: { ...number, fallback: 5, min: 1, max: 50, isWhole: true },
      seconds: { ...number, fallback: 1.5, min: 0.05, max: 30 },
      warmup: { ...number, fallback: 0.5, min: 0, max: 10 },
      json: { kind: "file", help: "writes figures" },
      markdown: { kind: "file", help: "writes words" },
    },
  },
  turns: {
    summary: "turns of a loop",
    options: {
      idle: {
        ...{ kind: "numbers", fallback: [100, 1000], min: 1, max: 9000, isWhole: true },
        help: "descriptors",
      },
      svg: { kind: "file", help: "writes a plot" },
    },
  },
};

function parse(line: string) {
  return parseArguments(line.split(" ").filter(Boolean), suites);
}

describe("parseArguments()", () => {
  it("fills in all trials, all contestants and the default lengths", () => {
    expect(parse("echo")).toEqual({
      suite: "echo",
      trials,
      contestants,
      rounds: 5,
      seconds: 1.5,
      warmup: 0.5,
      json: undefined,
      markdown: undefined,
    });
  });

  it("reads every option, written with a blank or with =", () => {
    const line =
      "echo --trials bulk,c1 --contestants=node-net --rounds 3 --seconds=0.3 --warmup 0 " +
      "--json a.json --markdown=a.md";
    expect(parse(line)).toEqual({
      suite: "echo",
      trials: ["c1", "bulk"],
      contestants: ["node-net"],
      rounds: 3,
      seconds: 0.3,
      warmup: 0,
      json: "a.json",
      markdown: "a.md",
    });
  });

  it("reads lists of numbers, and gives each suite its own options only", () => {
    expect(parse("turns --idle 5,200 --svg a.svg")).toEqual({
      suite: "turns",
      idle: [5, 200],
      svg: "a.svg",
    });
    expect(parse("turns")).toEqual({ suite: "turns", idle: [100, 1000], svg: undefined });
  });

  it.each(["--help", "-h", "echo --help", "echo --rounds 2 --help"])("%s asks for help", (line) => {
    expect(parse(line)).toBe("help");
  });

  it.each([
    ["", "Name a bench to run: echo, turns"],
    ["chat", 'Unknown bench "chat": the benches are echo, turns'],
    ["echo twice", 'Unexpected argument "twice" after "echo"'],
    ["echo --trials c1,c65", 'Unknown name "c65" in --trials: it takes c1, c64, bulk'],
    ["echo --contestants x", 'Unknown name "x" in --contestants: it takes c-epoll, node-net'],
    ["echo --trials c1,", 'Unknown name "" in --trials: it takes c1, c64, bulk'],
    ["echo --rounds 0", 'Option --rounds takes a whole number from 1 to 50, not "0"'],
    ["echo --rounds 2.5", 'Option --rounds takes a whole number from 1 to 50, not "2.5"'],
    ["echo --seconds 31", 'Option --seconds takes a number from 0.05 to 30, not "31"'],
    ["echo --seconds 1s", 'Option --seconds takes a number from 0.05 to 30, not "1s"'],
    ["echo --warmup=-1", 'Option --warmup takes a number from 0 to 10, not "-1"'],
    ["echo --rounds", "Option --rounds needs a value, as in --rounds 5"],
    ["turns --rounds 2", 'Unknown option "--rounds": the options are --idle, --svg, --help'],
    ["turns --idle 5,x", 'Option --idle takes whole numbers from 1 to 9000, not "x"'],
    ["turns --idle 5,", 'Option --idle takes whole numbers from 1 to 9000, not ""'],
    ["turns --idle", "Option --idle needs a value, as in --idle 100,1000"],
    ["constructor", 'Unknown bench "constructor": the benches are echo, turns'],
    ["echo --json", "Option --json needs a value, as in --json file"],
    ["echo --trials=", "Option --trials needs a value, as in --trials a,b"],
  ])("refuses %j and says what is allowed", (line, message) => {
    expect(() => parse(line)).toThrow(new UsageError(message));
  });

  it("names the options when one is unknown", () => {
    expect(() => parse("echo --round 2")).toThrow(
      /^Unknown option "--round": the options are --trials, .*--markdown, --help$/,
    );
    expect(() => parse("echo -r 2")).toThrow(/^Unknown option "-r"/);
  });
});

describe("formatHelp()", () => {
  it("names every suite, and every option with what it takes", () => {
    const lines = formatHelp(suites).split("\n");
    expect(lines[0]).toBe("Usage: npm run bench -- echo|turns [options]");
    expect(lines).toContain("turns: turns of a loop");
    expect(lines).toContain("  --trials a,b        what is asked: c1, c64, bulk (default: all)");
    expect(lines).toContain("  --rounds n          of a round, 1 to 50 (default 5)");
    expect(lines).toContain("  --idle n,n          descriptors, 1 to 9000 (default 100,1000)");
    expect(lines).toContain("  --svg file          writes a plot");
  });
});
