/** A kernel that refuses: what it says leaves the call, and the table is as the contract says. */
import { openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, errnoOf, SystemError, systemKernel } from "../../src/index.js";
import {
  type AnyFault,
  type ErrnoName,
  type FaultKernel,
  faultKernel,
} from "../support/fault-kernel.js";
import { type Contract, expectCode } from "./contract.js";

const REFUSALS = ["ENOMEM", "ENOSPC"] as const;

const { EPOLL_CTL_DEL, EV_DELETE = 0 } = systemKernel.constants;

/** Additions and modifications of interest are refused, whatever call the backend makes; or removals. */
function refuse(faulty: FaultKernel, errno: ErrnoName, what: "changes" | "removals"): () => void {
  const isMeant = (isRemoval: boolean) => isRemoval === (what === "removals");
  return failAll(faulty, [
    { call: "epoll_ctl", errno, when: (_epfd, operation) => isMeant(operation === EPOLL_CTL_DEL) },
    {
      call: "kevent",
      errno,
      when: (_kq, changes, count) => count > 0 && isMeant(((changes[2] ?? 0) & EV_DELETE) !== 0),
    },
  ]);
}

/** Every wait answers this. */
function refuseWaits(faulty: FaultKernel, errno: ErrnoName): () => void {
  return failAll(faulty, [
    { call: "epoll_wait", errno },
    { call: "kevent", errno, when: (_kq, _changes, count) => count === 0 },
    { call: "poll", errno },
    { call: "select", errno },
  ]);
}

function failAll(faulty: FaultKernel, plan: readonly AnyFault[]): () => void {
  const lifts = plan.map((fault) => faulty.fail(fault));
  return () => {
    for (const lift of lifts) lift();
  };
}

/** Changes and removals of interest that the kernel was asked for so far. */
function changesOf(faulty: FaultKernel): number {
  const kevents = faulty.calls("kevent").filter(({ args }) => (args[2] as number) > 0);
  return faulty.count("epoll_ctl") + kevents.length;
}

export function faultsContract(contract: Contract): void {
  const { hasRegistry } = contract.facts;
  // poll and select tell the kernel of interest only in the wait: it has nothing to refuse before.
  if (hasRegistry) describe("a kernel that refuses interest", () => refusals(contract));
  describe("calls of the kernel", () => economy(contract));
  describe("a kernel that refuses to wait", () => waits(contract));
  describe("what cannot be watched", () => unwatchable(contract));
}

function refusals(contract: Contract): void {
  test.each(REFUSALS)("%s at register(): thrown, nothing registered", (code) => {
    const faulty = faultKernel();
    const selector = contract.open<string>(faulty.kernel);
    for (const fileobj of [contract.pair()[0], contract.rawPair()[0]]) {
      const lift = refuse(faulty, code, "changes");
      const error = expectCode(() => selector.register(fileobj, EVENT_WRITE, "data"), code);
      expect(error).toBeInstanceOf(SystemError);
      expect(selector.map.size).toBe(0);
      expectCode(() => selector.getKey(fileobj), "ERR_NOT_REGISTERED");
      lift();
      expect(selector.select(0)).toEqual([]);
      selector.register(fileobj, EVENT_WRITE, "data");
      expect(selector.select(0)).toHaveLength(1);
      selector.unregister(fileobj);
    }
  });

  test.each(REFUSALS)("%s at modify(): thrown, the registration is gone (T16)", (code) => {
    const faulty = faultKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.rawPair();
    selector.register(left, EVENT_READ);
    const lift = refuse(faulty, code, "changes");
    expectCode(() => selector.modify(left, EVENT_WRITE), code);
    expect(selector.map.size).toBe(0);
    lift();
    selector.register(left, EVENT_WRITE);
    expect(selector.select(0)).toHaveLength(1);
  });

  test.each(REFUSALS)("%s at a change that was put off: the next wait throws it (T16)", (code) => {
    const faulty = faultKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.pair();
    const [other] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.register(other, EVENT_WRITE);
    const lift = refuse(faulty, code, "changes");
    expectCode(() => {
      selector.modify(left, EVENT_WRITE);
      selector.select(0);
    }, code);
    lift();
    expect([...selector.map.keys()]).toEqual([other.fileno()]);
    expect(selector.select(0)).toHaveLength(1);
    selector.register(left, EVENT_WRITE);
    expect(selector.select(0)).toHaveLength(2);
  });

  test("ENOMEM at resume(): the registration is gone", () => {
    const faulty = faultKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.rawPair();
    selector.register(left, EVENT_READ);
    selector.pause(left);
    refuse(faulty, "ENOMEM", "changes");
    expectCode(() => selector.resume(left), "ENOMEM");
    expect(selector.map.size).toBe(0);
  });

  test("unregister() succeeds whatever the kernel says", () => {
    const faulty = faultKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.rawPair();
    selector.register(left, EVENT_READ);
    refuse(faulty, "ENOMEM", "removals");
    expect(selector.unregister(left).fd).toBe(left);
    expect(selector.map.size).toBe(0);
  });

  test("a refused waker leaves no descriptor, and can be asked for again", () => {
    const faulty = faultKernel();
    const selector = contract.open(faulty.kernel);
    const lift = refuse(faulty, "ENOSPC", "changes");
    expectCode(() => selector.waker, "ENOSPC");
    lift();
    selector.waker.wake();
    expect(selector.select()).toEqual([]);
  });
}

function economy(contract: Contract): void {
  test("a change of data alone costs none (T15)", () => {
    const faulty = faultKernel();
    const selector = contract.open<string>(faulty.kernel);
    for (const fileobj of [contract.pair()[0], contract.rawPair()[0]]) {
      selector.register(fileobj, EVENT_READ, "old");
      selector.select(0);
      const changes = changesOf(faulty);
      const before = selector.stats().changes;
      selector.modify(fileobj, EVENT_READ, "new");
      selector.select(0);
      expect(changesOf(faulty)).toBe(changes);
      expect(selector.stats().changes).toBe(before);
    }
  });

  test("interest put out and in again between two waits costs none for a socket", () => {
    const faulty = faultKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.select(0);
    const changes = changesOf(faulty);
    selector.modify(left, EVENT_READ | EVENT_WRITE);
    selector.modify(left, EVENT_READ);
    selector.pause(left);
    selector.resume(left);
    selector.unregister(left);
    selector.register(left, EVENT_READ);
    expect(selector.select(0)).toEqual([]);
    expect(changesOf(faulty)).toBe(changes);
  });
}

function waits(contract: Contract): void {
  test("EINTR is no error; others name the call", () => {
    const faulty = faultKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.pair();
    selector.register(left, EVENT_WRITE);
    const lift = refuseWaits(faulty, "EINTR");
    expect(selector.select()).toEqual([]);
    expect(selector.dispatch(null, () => {})).toBe(0);
    expect(selector.stats().interrupted).toBe(2);
    lift();
    const liftError = refuseWaits(faulty, "ENOMEM");
    const error = expectCode(() => selector.select(), "ENOMEM");
    expect(error).toMatchObject({ syscall: contract.facts.waitCall });
    liftError();
    expect(selector.select()).toHaveLength(1);
  });

  test("an EINTR after the first event of a batch was delivered loses nothing", () => {
    const faulty = faultKernel();
    const selector = contract.open<number>(faulty.kernel);
    for (let i = 0; i < 3; i++) selector.register(contract.pair()[0], EVENT_WRITE, i);
    const failing = () =>
      selector.dispatch(0, () => {
        throw new Error("from the handler");
      });
    expect(failing).toThrow("from the handler");
    refuseWaits(faulty, "EINTR");
    expect(selector.select(0)).toHaveLength(2);
  });
}

function unwatchable(contract: Contract): void {
  const { hasRegistry, regularFiles } = contract.facts;

  test(`a regular file is ${regularFiles ? "always ready" : "refused: EPERM"} (T35)`, () => {
    const selector = contract.open();
    const fd = openSync(fileURLToPath(import.meta.url), "r");
    contract.keepRaw(fd);
    systemKernel.adopt(fd);
    if (regularFiles) {
      selector.register(fd, EVENT_READ);
      expect(selector.select(0)).toHaveLength(1);
    } else {
      const error = expectCode(() => selector.register(fd, EVENT_READ), "EPERM");
      expect(error).toMatchObject({ syscall: "epoll_ctl", errno: errnoOf("EPERM") });
      expectCode(() => selector.getKey(fd), "ERR_NOT_REGISTERED");
    }
  });

  test.runIf(hasRegistry)("a closed number is refused: EBADF (T36)", () => {
    const selector = contract.open();
    const [left] = contract.rawPair();
    contract.closeRaw(left);
    expectCode(() => selector.register(left, EVENT_READ), "EBADF");
    expectCode(() => selector.getKey(left), "ERR_NOT_REGISTERED");
    expect(selector.map.size).toBe(0);
  });

  test.runIf(!hasRegistry)(
    "a closed number shows in a wait, for register asks nobody (T36)",
    () => {
      const selector = contract.open();
      const [left] = contract.rawPair();
      contract.closeRaw(left);
      selector.register(left, EVENT_READ);
      if (contract.facts.closedDescriptor === "EBADF")
        expectCode(() => selector.select(0), "EBADF");
      else expect(selector.select(0)).toHaveLength(1);
      selector.unregister(left);
      expect(selector.select(0)).toEqual([]);
    },
  );
}
