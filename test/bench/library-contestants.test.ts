// The servers over libuv and libevent echo every byte; the load generator judges them.
import { describe, expect, it } from "vitest";
import { canCompile, compile, hasHeader } from "../../bench/build.mjs";
import { runToEnd, startServer } from "../../bench/children.mjs";
import { libraryContestants } from "../../bench/library-contestants.mjs";

const possible = canCompile();
const TIMEOUT_MS = 15_000;

describe.skipIf(possible !== true)("hasHeader()", () => {
  it("finds the C library's and misses what nobody has", () => {
    expect(hasHeader("stdio.h")).toBe(true);
    expect(hasHeader("absent/nowhere.h")).toBe(false);
  });
});

describe.each(libraryContestants)("$name", ({ available, command }) => {
  const reason = available();

  it.skipIf(reason === true)("where its header is absent, says which package it needs", () => {
    expect(reason).toMatch(possible === true ? /install \S+-dev/ : /./);
  });

  it.skipIf(reason !== true).each([
    ["one message in flight", 8, 64, 1],
    ["several in flight", 8, 64, 16],
    ["messages beyond every socket buffer", 4, 1_048_576, 2],
    ["many connections", 200, 64, 1],
  ])(
    "where its header is installed, echoes every byte: %s",
    async (_name, connections, size, depth) => {
      const server = await startServer(command());
      const numbers = [server.port, connections, size, depth, 0.02, 0.1, server.pid];
      const generator = { file: compile("loadgen.c"), args: ["127.0.0.1", ...numbers.map(String)] };
      const { stdout } = await runToEnd(generator, TIMEOUT_MS);
      expect(await server.stop()).toBe(undefined);
      const result = JSON.parse(stdout);
      expect(result.error).toBe("");
      expect(result.messages).toBeGreaterThan(0);
    },
  );
});
