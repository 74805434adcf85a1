/** Whose an error is: what handlers throw, what the kernel refuses, what a wait answers. */
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, type Kernel, systemKernel } from "../../src/index.js";
import { Reactor, type ReactorOptions } from "../../src/reactor/index.js";
import { runChild } from "../support/child.js";
import { faultKernel } from "../support/fault-kernel.js";
import { EVERYWHERE, errorOf, go, pair, reactorOf, readablePair, track, WAYS } from "./support.js";

const BOTH = EVENT_READ | EVENT_WRITE;
const onLinux = process.platform === "linux";

/** A reactor that deals with errors as the default does, unless told. */
function bare(options?: ReactorOptions): Reactor {
  return track(new Reactor(options));
}

/** A kernel whose epoll refuses what `shouldRefuse` says, with ENOSPC. */
function refusingKernel(shouldRefuse: (operation: number, fd: number) => boolean): Kernel {
  const when = (_epfd: number, operation: number, fd: number) => shouldRefuse(operation, fd);
  return faultKernel(systemKernel, [{ call: "epoll_ctl", errno: "ENOSPC", when }]).kernel;
}

describe.each(EVERYWHERE)("%s, %s", (way, backend) => {
  test("onError hears what a handler throws, and the batch goes on", async () => {
    const heard: unknown[] = [];
    const reactor = bare({ backend, onError: (error, activity) => heard.push([error, activity]) });
    const calls: string[] = [];
    const [left] = readablePair();
    const error = new Error("Meant to happen");
    const fail = () => {
      throw error;
    };
    const watch = reactor.watch(left, EVENT_READ, fail, { once: true });
    const timer = reactor.timer(0, fail);
    reactor.timer(0, () => calls.push("timer"));
    reactor.defer(fail);
    reactor.defer(() => calls.push("deferred"));
    expect(await go(reactor, way)).toBe("empty");
    expect(heard).toHaveLength(3);
    expect(heard).toEqual(
      expect.arrayContaining([
        [error, watch],
        [error, timer],
        [error, undefined],
      ]),
    );
    expect(calls.sort()).toEqual(["deferred", "timer"]);
  });
});

describe.runIf(onLinux).each(WAYS)("%s", (way) => {
  test("a run ends with the kernel's error, and may be begun again", async () => {
    const faults = faultKernel();
    const mend = faults.fail({ call: "epoll_wait", errno: "EBADF" });
    const reactor = bare({ kernel: faults.kernel, backend: "epoll" });
    let calls = 0;
    reactor.timer(0, () => (calls += 1));
    const failed = await go(reactor, way).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "EBADF", syscall: "epoll_wait" });
    expect(reactor.mode).toBe("idle");
    mend();
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(1);
  });

  test("a refused change ends its watch, tells its onError, and the others live", async () => {
    const heard: unknown[] = [];
    const { EPOLL_CTL_MOD } = systemKernel.constants;
    const kernel = refusingKernel((op, fd) => op === EPOLL_CTL_MOD && fd === left.fileno());
    const reactor = bare({ kernel, backend: "epoll", onError: (error) => heard.push(error) });
    const [left] = pair(kernel);
    const [other, otherPeer] = pair(kernel);
    let calls = 0;
    const watch = reactor.watch(left, EVENT_READ, () => expect.unreachable(), {
      onError: (error, self) => heard.push([error.code, self]),
    });
    reactor.watch(other, EVENT_READ, (_events, _flags, self) => {
      calls += 1;
      self.stop();
    });
    reactor.timer(1, () => watch.modify(BOTH));
    reactor.timer(5, () => otherPeer.send(Buffer.from("x")));
    expect(await go(reactor, way)).toBe("empty");
    expect(heard).toEqual([["ENOSPC", watch]]);
    expect({ calls, isStarted: watch.isStarted }).toEqual({ calls: 1, isStarted: false });
  });

  test("a refused change of a shared socket reaches all its watches, once each", async () => {
    const heard: unknown[] = [];
    const { EPOLL_CTL_MOD } = systemKernel.constants;
    const kernel = refusingKernel((op) => op === EPOLL_CTL_MOD);
    const reactor = bare({
      kernel,
      backend: "epoll",
      onError: (_, activity) => heard.push(activity),
    });
    const [left] = pair(kernel);
    const reader = reactor.watch(left, EVENT_READ, () => expect.unreachable());
    const second = reactor.watch(left, EVENT_READ, () => expect.unreachable());
    // The last thing there is to do: the run is over because of the refusal.
    reactor.timer(1, () => second.modify(BOTH));
    expect(await go(reactor, way)).toBe("empty");
    expect(heard).toEqual([reader, second]);
  });

  test.each(["stop", "break", "close"] as const)(
    "who hears of a refusal may %s() the reactor",
    async (verb) => {
      const { EPOLL_CTL_MOD } = systemKernel.constants;
      const kernel = refusingKernel((op) => op === EPOLL_CTL_MOD);
      const reactor = bare({ kernel, backend: "epoll", untilStopped: true });
      const [left] = pair(kernel);
      const watch = reactor.watch(left, EVENT_READ, () => expect.unreachable(), {
        onError: () => reactor[verb](),
      });
      reactor.timer(1, () => watch.modify(BOTH));
      const ends = { stop: "stopped", break: "broken", close: "empty" };
      expect(await go(reactor, way)).toBe(ends[verb]);
    },
  );

  test("who hears of a refusal may defer, arm, and start the watch again", async () => {
    let refusals = 1;
    const { EPOLL_CTL_MOD } = systemKernel.constants;
    const kernel = refusingKernel((op) => op === EPOLL_CTL_MOD && refusals-- > 0);
    const reactor = bare({ kernel, backend: "epoll" });
    const [left, right] = pair(kernel);
    const calls: string[] = [];
    const watch = reactor.watch(
      left,
      EVENT_READ,
      () => {
        calls.push("ready");
        watch.stop();
      },
      {
        onError: () => {
          reactor.defer(() => calls.push("deferred"));
          reactor.timer(3, () => {
            calls.push("timer");
            watch.start();
            right.send(Buffer.from("x"));
          });
        },
      },
    );
    reactor.timer(1, () => watch.modify(BOTH));
    reactor.timer(60_000, () => expect.unreachable()).unref();
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toEqual(["deferred", "timer", "ready"]);
  });

  test("what a watch's onError throws is the reactor's affair", async () => {
    const heard: unknown[] = [];
    const { EPOLL_CTL_MOD } = systemKernel.constants;
    const kernel = refusingKernel((op) => op === EPOLL_CTL_MOD);
    const reactor = bare({ kernel, backend: "epoll", onError: (error) => heard.push(error) });
    const [left] = pair(kernel);
    const watch = reactor.watch(left, EVENT_READ, () => expect.unreachable(), {
      onError: () => {
        throw new Error("Meant to happen");
      },
    });
    reactor.timer(1, () => watch.modify(BOTH));
    expect(await go(reactor, way)).toBe("empty");
    expect(heard).toEqual([expect.objectContaining({ message: "Meant to happen" })]);
  });
});

describe.runIf(onLinux)("bare numbers, whose changes are made at once", () => {
  test("a closed one is refused, is not started, and the next works (B43)", () => {
    const reactor = reactorOf({ backend: "epoll" });
    const fd = systemKernel.dup(pair()[0].fileno());
    systemKernel.close(fd);
    const refused = errorOf(() => reactor.watch(fd, EVENT_READ, () => expect.unreachable()));
    expect(refused).toMatchObject({ code: "EBADF", syscall: "epoll_ctl" });
    expect(reactor.stats().started).toBe(0);
    reactor.watch(readablePair()[0], EVENT_READ, () => {});
    expect(reactor.turn()).toBe(1);
  });

  test.each(["modify", "watch"] as const)(
    "a refused %s() throws to its caller, and the other watches hear of it",
    (verb) => {
      const heard: unknown[] = [];
      const reactor = bare({ backend: "epoll", onError: (_, activity) => heard.push(activity) });
      const fd = systemKernel.dup(pair()[0].fileno());
      const first = reactor.watch(fd, EVENT_READ, () => expect.unreachable());
      const second = reactor.watch(fd, EVENT_READ, () => expect.unreachable());
      systemKernel.close(fd);
      const act = () =>
        verb === "modify"
          ? second.modify(BOTH)
          : reactor.watch(fd, EVENT_WRITE, () => expect.unreachable());
      expect(errorOf(act)).toMatchObject({ code: "EBADF" });
      expect(heard).toEqual(verb === "modify" ? [first] : [first, second]);
      if (verb === "watch") expect(second.isStarted).toBe(false);
      expect(reactor.stats().started).toBe(0);
    },
  );

  test("stop() never throws; what the kernel refuses then, the other watches hear", () => {
    const heard: unknown[] = [];
    const reactor = bare({ backend: "epoll", onError: (_, activity) => heard.push(activity) });
    const fd = systemKernel.dup(pair()[0].fileno());
    const reader = reactor.watch(fd, EVENT_READ, () => expect.unreachable());
    const writer = reactor.watch(fd, EVENT_WRITE, () => expect.unreachable());
    systemKernel.close(fd);
    writer.stop();
    expect(heard).toEqual([reader]);
    reader.stop();
    expect(reactor.stats().started).toBe(0);
  });
});

test("blocking: one error is thrown as it is, several as one, after the batch", () => {
  const reactor = bare();
  const calls: string[] = [];
  const fail = (what: unknown) => () => {
    throw what;
  };
  const one = reactor.timer(0, fail(null), { start: false });
  reactor.timer(0, () => calls.push("after"), { start: false }).activate();
  one.activate();
  expect(errorOf(() => reactor.runBlocking())).toBe(null);
  expect(calls).toEqual(["after"]);
  const first = reactor.timer(0, fail("first"), { start: false }).activate();
  const second = reactor.timer(0, fail("second"), { start: false }).activate();
  reactor.defer(fail("deferred"));
  const both = errorOf(() => reactor.turn());
  expect(both).toBeInstanceOf(AggregateError);
  expect((both as AggregateError).errors).toEqual(["first", "second", "deferred"]);
  expect([first.isActive, second.isActive, reactor.mode]).toEqual([false, false, "idle"]);
  expect(reactor.runBlocking()).toBe("empty");
});

test("a stop() that was asked for in a batch with an error ends the run after it", () => {
  const reactor = bare({ untilStopped: true });
  reactor.defer(() => {
    reactor.stop();
    throw new Error("Meant to happen");
  });
  expect(() => reactor.runBlocking()).toThrow("Meant to happen");
  expect(reactor.runBlocking()).toBe("stopped");
});

test("an onError that throws: its error takes the same road as without one", () => {
  const reactor = bare({
    onError: (error) => {
      throw new Error("In onError", { cause: error });
    },
  });
  reactor.defer(() => {
    throw new Error("First");
  });
  const thrown = errorOf(() => reactor.runBlocking());
  expect(thrown).toMatchObject({ message: "In onError", cause: { message: "First" } });
});

test("attached, without onError: uncaught exceptions, each, and the batch goes on", async () => {
  const { code, stdout, stderr } = await runChild(`
    import { Reactor } from "socket-reactor";
    process.on("uncaughtException", (error) => console.log("uncaught", error.message));
    const reactor = new Reactor();
    for (const name of ["first", "second"]) {
      reactor.timer(0, () => { throw new Error(name); });
    }
    reactor.timer(0, () => console.log("called"));
    reactor.defer(() => { throw new Error("deferred"); });
    console.log(await reactor.run());
    reactor.close();
  `);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trim().split("\n").sort()).toEqual([
    "called",
    "empty",
    "uncaught deferred",
    "uncaught first",
    "uncaught second",
  ]);
});

test("attached, without any taker: the process ends with the error", async () => {
  const { code, stderr } = await runChild(`
    import { Reactor } from "socket-reactor";
    const reactor = new Reactor();
    reactor.timer(1, () => { throw new Error("Nobody takes it"); });
    reactor.timer(10_000, () => {});
    await reactor.run();
  `);
  expect(code).toBe(1);
  expect(stderr).toContain("Nobody takes it");
});
