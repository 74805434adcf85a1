/** What every command does with an error that a person can mend. */
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished } from "vitest";
import { type CliOptions, runCli } from "./cli-process.js";

/** It ends with status 1 and one line, which says so much. */
export async function expectError(
  args: readonly string[],
  expected: string,
  options?: CliOptions,
): Promise<void> {
  const { status, stdout, stderr } = await runCli(args, options);
  expect(stderr).toContain(expected);
  expect(stderr).toMatch(/^socket-reactor: [^\n]+\n$/);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
}

/** A port that somebody has until the test ends. */
export async function holdPort(): Promise<number> {
  const holder = createServer().listen(0, "127.0.0.1");
  onTestFinished(async () => {
    holder.close();
    await once(holder, "close");
  });
  await once(holder, "listening");
  return (holder.address() as { port: number }).port;
}

/** A server command that is given a port which somebody has suggests another. */
export async function expectTakenPort(command: string): Promise<void> {
  const port = await holdPort();
  await expectError(
    [command, "--port", String(port)],
    `port ${port} on 127.0.0.1 is taken; try another --port, or --port 0 for a free one (EADDRINUSE)`,
  );
}
