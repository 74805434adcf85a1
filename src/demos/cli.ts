#!/usr/bin/env node
/** The `socket-reactor` command: one line of dispatch a demo. */
import { createRequire } from "node:module";
import { didYouMean } from "./command-line.js";
import { codeOf } from "./errors.js";
import { UsageError } from "./usage-error.js";

const HELP = `Usage: socket-reactor COMMAND [options]

Commands:
  demo         echo, chat and HTTP in one process, and a page that shows it live
  echo         an echo server, in the server models of the field
  chat         an IRC server with a page for browsers
  http         an HTTP server of a folder, with routes to try it out
  connect      the client: a small netcat that shows the socket's states

Options:
  --help       show this, or a command's own help: socket-reactor echo --help
  --version    show the version

Colours are for terminals: NO_COLOR=1 takes them away, FORCE_COLOR=1 keeps
them. Exit status: 0 when it ended as it should, 1 on an error.`;

/** Loaded when asked for: --help and --version work without the addon, too. */
const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  demo: async (args) => (await import("./demo/command.js")).demo(args),
  echo: async (args) => (await import("./echo/command.js")).echo(args),
  chat: async (args) => (await import("./chat/command.js")).chat(args),
  http: async (args) => (await import("./http/command.js")).http(args),
  connect: async (args) => (await import("./connect/command.js")).connect(args),
};

/** The library's errors about the machine it runs on; their messages name the remedy. */
const MACHINE_ERRORS = ["ERR_ADDON_NOT_FOUND", "ERR_UNSUPPORTED_PLATFORM", "ERR_NOT_SUPPORTED"];

// Whoever read the output may be gone (`| head`): a server goes on serving.
for (const output of [process.stdout, process.stderr]) output.on("error", () => {});

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!isForThePerson(error)) throw error;
  console.error(`socket-reactor: ${error.message}`);
  process.exitCode = 1;
}

async function main([name = "--help", ...args]: string[]): Promise<void> {
  if (name === "--help" || name === "-h") return console.log(HELP);
  if (name === "help") return main([...args.slice(0, 1), "--help"]);
  if (name === "--version") return console.log(version());
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new UsageError(unknown(name));
  }
  await command(args);
}

function unknown(name: string): string {
  const commands = Object.keys(COMMANDS);
  const isOption = name.startsWith("-");
  const meant = didYouMean(name, isOption ? ["--help", "--version"] : commands);
  const kind = isOption ? "option" : "command";
  return `unknown ${kind} "${name}"${meant}commands: ${commands.join(", ")}; see --help`;
}

/** False for a bug, which keeps its stack. */
function isForThePerson(error: unknown): error is Error {
  return error instanceof UsageError || MACHINE_ERRORS.includes(codeOf(error));
}

function version(): string {
  const require = createRequire(import.meta.url);
  return (require("socket-reactor/package.json") as { version: string }).version;
}
