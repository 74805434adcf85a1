/** `socket-reactor echo --model …` as a person meets it. */
import { describe, expect, test } from "vitest";
import { expectError } from "../cli-errors.js";
import { runCli, startEcho } from "../cli-process.js";
import { echoModels } from "../echo-models.js";
import { connectMany, pattern, receiveToEnd, roundTrip } from "../echo-peers.js";

const ALL =
  "--model must be one of thread-per-connection, thread-pool, selector, reactor, stream, multi-reactor";

describe("an option that", () => {
  test.each([
    [["--model", "threads"], `${ALL}: "threads"`],
    [
      ["--workers", "2"],
      "--model selector has no --workers; models that do: thread-per-connection, ",
    ],
    [["--model", "reactor", "--queue", "2"], "has no --queue; models that do: thread-pool"],
    [["--model", "thread-pool", "--accept", "hand-out"], "models that do: multi-reactor"],
  ])("the model does not have names those that do: %j", async (args, expected) => {
    await expectError(["echo", ...args], expected);
  });

  test.each([
    [["--workers", "0"], '--workers must be an integer from 1 to 1000: "0"'],
    [["--workers", "1001"], '--workers must be an integer from 1 to 1000: "1001"'],
    [["--workers", "two"], '--workers must be an integer from 1 to 1000: "two"'],
    [["--queue", "1.5"], '--queue must be an integer from 1 to 1000: "1.5"'],
  ])("is no count is refused: %j", async (args, expected) => {
    await expectError(["echo", "--model", "thread-pool", ...args], expected);
  });

  test("is no way to accept is refused", async () => {
    const args = ["echo", "--model", "multi-reactor", "--accept", "both"];
    await expectError(args, '--accept must be one of reuse-port, hand-out: "both"');
  });

  test("the help knows them all", async () => {
    const { stdout } = await runCli(["echo", "--help"]);
    for (const { args } of echoModels) expect(stdout).toContain(` ${args[1]}`);
    for (const option of ["--workers N", "--queue N", "--accept WAY"]) {
      expect(stdout).toContain(`  ${option} `);
    }
  });
});

test.each(echoModels)("$name ends by Ctrl-C, connections open and busy", async ({ args }) => {
  const { child, port, log, ended } = await startEcho(["--verbose", ...args]);
  const [busy, ...idle] = await connectMany(port, 3);
  for (const client of idle) await roundTrip(client, pattern(1, 100_000));
  busy?.pause().write(pattern(2, 8 << 20));
  await log.said(/^ESTABLISHED/, 3);
  child.kill("SIGINT");
  expect(await ended).toMatchObject({ status: 0, signal: null, stderr: "" });
  for (const client of idle) expect(await receiveToEnd(client)).toHaveLength(0);
  expect(log.count(/^CLOSED/)).toBe(0);
});
