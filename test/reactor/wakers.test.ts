/** Wakers: other threads call a function in the reactor's. */
import { describe, expect, test } from "vitest";
import { Waker } from "../../src/index.js";
import type { Reactor, ReactorWaker } from "../../src/reactor/index.js";
import { faultKernel } from "../support/fault-kernel.js";
import { announcingKernel, startThread } from "../support/thread.js";
import { EVERYWHERE, errorOf, go, reactorOf, track, WAYS } from "./support.js";

function wakerOf(reactor: Reactor, handler: () => void): ReactorWaker {
  return track(reactor.waker(handler));
}

describe.each(EVERYWHERE)("%s, %s", (way, backend) => {
  test("another thread's wake ends the wait, and is one call (B22)", async () => {
    const { kernel, waits } = announcingKernel();
    const reactor = reactorOf({ backend, kernel, untilStopped: true });
    let calls = 0;
    const waker = wakerOf(reactor, () => {
      calls += 1;
      reactor.stop();
    });
    const thread = await startThread({
      task: "wake",
      handle: waker.handle,
      waits,
      after: 1,
      times: 1,
    });
    // Attached there may be no wait at all before the wake: this is the one it waits for.
    if (way === "attached") reactor.timer(0, () => {});
    expect(await go(reactor, way)).toBe("stopped");
    await thread.ended;
    expect(calls).toBe(1);
  });
});

describe.each(WAYS)("%s", (way) => {
  test("a wake before the run is not lost, and many are one call", async () => {
    const reactor = reactorOf();
    let calls = 0;
    const waker = wakerOf(reactor, () => {
      calls += 1;
      waker.watch.unref();
    });
    for (let i = 0; i < 5; i += 1) waker.wake();
    waker.watch.ref();
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(1);
  });

  test("a wake by its own handler is the next call", async () => {
    const reactor = reactorOf();
    let calls = 0;
    const waker = wakerOf(reactor, () => {
      calls += 1;
      if (calls < 3) waker.wake();
      else waker.close();
    });
    waker.watch.ref();
    waker.wake();
    expect(await go(reactor, way)).toBe("empty");
    expect(calls).toBe(3);
  });

  test("an idle waker does not keep the run", async () => {
    const reactor = reactorOf();
    wakerOf(reactor, () => expect.unreachable());
    expect(await go(reactor, way)).toBe("empty");
  });
});

test("while a wake is pending, another costs no system call", () => {
  const counting = faultKernel();
  const reactor = reactorOf({ kernel: counting.kernel });
  let calls = 0;
  const waker = wakerOf(reactor, () => (calls += 1));
  for (let i = 0; i < 100; i += 1) waker.wake();
  expect(counting.count("write")).toBe(1);
  expect([reactor.turn(), reactor.turn(), calls]).toEqual([1, 0, 1]);
  waker.wake();
  expect([reactor.turn(), counting.count("write")]).toEqual([1, 2]);
});

test("closing it gives its descriptors back, also after the reactor's close", () => {
  const reactor = reactorOf();
  const waker = reactor.waker(() => {});
  const other = reactor.waker(() => {});
  const handle = Waker.fromHandle(waker.handle);
  waker.close();
  waker.close();
  reactor.close();
  other.close();
  handle.close();
  expect(errorOf(() => reactor.waker(() => {}))).toMatchObject({ code: "ERR_REACTOR_CLOSED" });
});
