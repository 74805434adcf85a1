/**
 * All commands, asked the same: is there help, is it in the form of the others, does it say every
 * option that the command takes, and what becomes of an option that it does not take.
 *
 * Which options it takes is seen where all command lines are read, in parseArgs of node:util.
 */
import type { ParseArgsConfig } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { chat } from "../../src/demos/chat/command.js";
import { connect } from "../../src/demos/connect/command.js";
import { demo } from "../../src/demos/demo/command.js";
import { echo } from "../../src/demos/echo/command.js";
import { http } from "../../src/demos/http/command.js";
import { supportedBackends } from "../../src/index.js";
import { expectError } from "./cli-errors.js";
import { runCli } from "./cli-process.js";

const seen = vi.hoisted((): ParseArgsConfig[] => []);

vi.mock("node:util", async (importOriginal) => {
  const util = await importOriginal<typeof import("node:util")>();
  const parseArgs: typeof util.parseArgs = (config) => {
    if (config !== undefined) seen.push(config);
    return util.parseArgs(config);
  };
  return { ...util, parseArgs };
});

const commands: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  demo,
  echo,
  chat,
  http,
  connect,
};

interface Asked {
  readonly help: string;
  readonly options: NonNullable<ParseArgsConfig["options"]>;
}

async function ask(command: (args: string[]) => Promise<void>): Promise<Asked> {
  const lines: unknown[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(line));
  onTestFinished(() => log.mockRestore());
  seen.length = 0;
  await command(["--help"]);
  return { help: lines.join("\n"), options: seen.at(-1)?.options ?? {} };
}

test("these are all commands", async () => {
  const { stdout } = await runCli(["--help"]);
  const listed = /\nCommands:\n((?: {2}.*\n)+)/.exec(stdout)?.[1] ?? "";
  expect(listed.match(/(?<=^ {2})\w+/gm)).toEqual(Object.keys(commands));
});

describe.each(Object.entries(commands))("%s", (name, command) => {
  test("--help and -h print the help, with status 0", async () => {
    const [long, short] = await Promise.all([runCli([name, "--help"]), runCli([name, "-h"])]);
    expect(long).toMatchObject({ status: 0, signal: null, stderr: "" });
    expect(short).toEqual(long);
    expect(long.stdout).toMatch(new RegExp(`^Usage: socket-reactor ${name} \\[options\\]`));
  });

  test("--help lists every option that it takes, and none that it does not", async () => {
    const { help, options } = await ask(command);
    const listed = help.match(/(?<=^ {2})--[a-z-]+/gm) ?? [];
    expect([...listed].sort()).toEqual(
      Object.keys(options)
        .map((option) => `--${option}`)
        .sort(),
    );
    for (const [option, { type }] of Object.entries(options)) {
      // One that takes a value says so, and one that takes none does not.
      const line = new RegExp(`^  --${option}( [A-Z][A-Z:/_-]*)?(  +|$)`, "m").exec(help);
      expect({ option, hasValue: line?.[1] !== undefined }).toEqual({
        option,
        hasValue: type === "string",
      });
    }
  });

  test("--help is in the form of the others", async () => {
    const { help } = await ask(command);
    expect(help).toMatch(/\nOptions:\n {2}--/);
    expect(help).toMatch(/\n {2}--help {13}show this\n/);
    expect(help).toContain("Try it: ");
    expect(help).toContain("Ctrl-C");
    expect(help).toContain("Exit status: 0 ");
    expect(help).toContain(supportedBackends().join(", "));
    for (const line of help.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(help).not.toMatch(/ $|\t/m);
  });

  test("an option that it does not take is one line that leads to the help, and status 1", async () => {
    const expected = `Unknown option '--frobnicate'; see socket-reactor ${name} --help`;
    await expectError([name, "--frobnicate"], expected);
    await expectError([name, "--verbos"], "'--verbos'; did you mean --verbose? see socket-reactor");
  });
});
