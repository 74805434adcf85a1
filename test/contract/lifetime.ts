/** What a selector means for the life of a process: seen from outside, in children. */
import { expect, test } from "vitest";
import { runChild } from "../support/child.js";
import type { Contract } from "./contract.js";

export function lifetimeContract(contract: Contract): void {
  const prelude = `import { createSelector, EVENT_READ, Socket } from "socket-reactor";
    const selector = createSelector({ backend: "${contract.backend}" });
    const [left, right] = Socket.pair();
    selector.register(left, EVENT_READ);
    process.on("exit", () => console.log("exit", selector.stats().events));`;

  test("a process ends by itself when nobody waits, though all is open", async () => {
    const child = await runChild(`${prelude}
      await selector.ready(5);
      right.send(Buffer.from("x"));
      console.log(await selector.ready());
      const controller = new AbortController();
      left.recv(new Uint8Array(1));
      selector.select(0);
      const aborted = selector.ready(null, { signal: controller.signal });
      controller.abort(new Error("no more"));
      await aborted.catch((error) => console.log(error.message));`);
    expect(child.stderr).toBe("");
    expect(child.stdout).toMatch(/^true\nno more\nexit \d\n$/);
    expect(child.code).toBe(0);
  });

  test("a waiting ready() alone keeps the process alive", async () => {
    const child = await runChild(
      `${prelude}
      process.once("SIGUSR2", () => right.send(Buffer.from("x")));
      const timer = setTimeout(() => {}, 60_000);
      timer.unref();
      console.log("waiting");
      console.log(await selector.ready());
      console.log(selector.select(0).length);`,
      (text, kill) => {
        if (text.startsWith("waiting")) kill("SIGUSR2");
      },
    );
    expect(child.stdout).toBe("waiting\ntrue\n1\nexit 1\n");
    expect(child.code).toBe(0);
  });

  test("a handler of a signal that throws ends the process after the wait it ended (T32)", async () => {
    let timer: NodeJS.Timeout | undefined;
    const child = await runChild(
      `${prelude}
      process.on("SIGALRM", () => { throw new Error("alarm"); });
      setTimeout(() => {}, 60_000);
      console.log("blocking");
      console.log(selector.select(60_000).length);`,
      (text, kill) => {
        // The first may come before the wait, and then cannot end it.
        if (text.startsWith("blocking")) timer = setInterval(() => kill("SIGALRM"), 10);
      },
    );
    clearInterval(timer);
    expect(child.stdout).toMatch(/^blocking\n0\n/);
    expect(child.stderr).toContain("Error: alarm");
    expect(child.code).not.toBe(0);
  });
}
