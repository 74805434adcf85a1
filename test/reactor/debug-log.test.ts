/** NODE_DEBUG=socket-reactor, in processes of their own: the environment is read when they start. */
import { describe, expect, test } from "vitest";
import { systemKernel } from "../../src/kernel/index.js";
import { isDebugging } from "../../src/reactor/debug-log.js";
import { runChild } from "../support/child.js";

const source = `
  import { EVENT_READ, EVENT_WRITE, Reactor, Socket } from "socket-reactor";
  const reactor = new Reactor({ onError: () => {} });
  const [left, right] = Socket.pair();
  console.log(left.fileno());
  const watch = reactor.watch(left, EVENT_READ, () => {
    left.close();
    throw new Error("on purpose");
  });
  reactor.watch(right, EVENT_READ | EVENT_WRITE, () => {}, { once: true });
  right.send(Buffer.from("x"));
  console.log(await reactor.run());
  reactor.close();
  right.close();
`;

/** The lines of the section, without what stands before each. */
function linesOf(stderr: string): string[] {
  return stderr
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/^SOCKET-REACTOR \d+: /, ""));
}

describe("NODE_DEBUG=socket-reactor", () => {
  test("tells of runs, watches and errors", async () => {
    const env = { NODE_DEBUG: "socket-reactor" };
    const { code, stdout, stderr } = await runChild(source, undefined, env);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const fd = Number(stdout.split("\n")[0]);
    const lines = linesOf(stderr);
    expect(lines).toContain(`watch start: fd ${fd}, read`);
    expect(lines).toContain(`watch stop: fd ${fd + 1}, read and write`);
    expect(lines.filter((line) => line.startsWith("watch drop: fd "))).toHaveLength(1);
    expect(lines.filter((line) => line === "error: on purpose")).toHaveLength(1);
    expect(lines).toContain("run began (attached)");
    expect(lines.at(-1)).toBe("run ended (attached): empty");
    expect(lines).toHaveLength(7);
  });

  test("is silent otherwise", async () => {
    const { code, stderr } = await runChild(source, undefined, { NODE_DEBUG: "socket-reactor:x" });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(isDebugging).toBe(false);
  });
});

test.runIf(systemKernel.constants.EPOLLIN)("a queue that is rebuilt is told of", async () => {
  // A ghost: the number is closed behind the selector's back while a copy keeps the file open.
  const ghost = `
    import { EVENT_READ, Reactor, Socket, systemKernel } from "socket-reactor";
    const reactor = new Reactor({ backend: "epoll" });
    const [left, right] = Socket.pair();
    const victim = systemKernel.dup(left.fileno());
    const watch = reactor.watch(victim, EVENT_READ, () => {});
    reactor.turn();
    right.send(Buffer.from("x"));
    systemKernel.close(victim);
    watch.stop();
    for (let i = 0; i < 20; i++) reactor.turn();
    console.log(reactor.stats().rebuilds);
  `;
  const env = { NODE_DEBUG: "socket-reactor" };
  const { stdout, stderr } = await runChild(ghost, undefined, env);
  expect(stdout).toBe("1\n");
  const rebuilt = linesOf(stderr).filter((line) => line.startsWith("queue"));
  expect(rebuilt).toEqual([expect.stringMatching(/^queue rebuilt: fd \d+, was \d+$/)]);
});
