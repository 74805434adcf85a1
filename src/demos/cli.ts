#!/usr/bin/env node
/** The `socket-reactor` command: one line of dispatch a demo. */
import { createRequire } from "node:module";
import { echo } from "./echo/command.js";
import { UsageError } from "./usage-error.js";

const HELP = `Usage: socket-reactor COMMAND [options]

Commands:
  echo         an echo server on a selector

  --help       show this, or a command's own help: socket-reactor echo --help
  --version    show the version`;

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<void>>> = { echo };

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!isUsageError(error)) throw error;
  console.error(`socket-reactor: ${error.message.split("\n")[0]}`);
  process.exitCode = 1;
}

async function main([name = "--help", ...args]: string[]): Promise<void> {
  if (name === "--help" || name === "-h") return console.log(HELP);
  if (name === "--version") return console.log(version());
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const allowed = Object.keys(COMMANDS).join(", ");
    throw new UsageError(`unknown command "${name}"; commands: ${allowed}; see --help`);
  }
  await command(args);
}

/** Ours, or one of parseArgs: an unknown option, a missing value. */
function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return (
    error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")
  );
}

function version(): string {
  const require = createRequire(import.meta.url);
  return (require("socket-reactor/package.json") as { version: string }).version;
}
