import { describe, expect, it } from "vitest";
import { parseArguments, UsageError } from "../../bench/arguments.mjs";

const known = {
  suites: ["echo"],
  trials: ["c1", "c64", "bulk"],
  contestants: ["c-epoll", "node-net"],
};

function parse(line: string) {
  return parseArguments(line.split(" ").filter(Boolean), known);
}

describe("parseArguments()", () => {
  it("fills in all trials, all contestants and the default lengths", () => {
    expect(parse("echo")).toEqual({
      suite: "echo",
      trials: known.trials,
      contestants: known.contestants,
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

  it.each(["--help", "-h", "echo --help", "echo --rounds 2 --help"])("%s asks for help", (line) => {
    expect(parse(line)).toBe("help");
  });

  it.each([
    ["", "Name a bench to run: echo"],
    ["chat", 'Unknown bench "chat": the benches are echo'],
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
