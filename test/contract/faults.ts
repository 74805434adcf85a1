/** A kernel that refuses: what it says leaves the call, and the table is as the contract says. */
import { openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  EVENT_READ,
  EVENT_WRITE,
  errnoOf,
  type Kernel,
  SystemError,
  systemKernel,
} from "../../src/index.js";
import { type Contract, expectCode } from "./contract.js";

const REFUSALS = ["ENOMEM", "ENOSPC"] as const;

const { EPOLL_CTL_DEL, EV_DELETE = 0 } = systemKernel.constants;

/** The system's kernel with switches, each an errno to answer, or 0 for the truth. */
class FaultyKernel {
  /** What additions and modifications of interest answer. */
  changeResult = 0;
  /** What removals of interest answer. */
  removeResult = 0;
  waitResult = 0;
  /** Changes and removals so far. */
  changes = 0;
  readonly kernel: Kernel;

  constructor() {
    this.kernel = {
      ...systemKernel,
      epoll_ctl: (...args) =>
        this.#changeFault(args[1] === EPOLL_CTL_DEL) || systemKernel.epoll_ctl(...args),
      kevent: (...args) => {
        const [, changes, changeCount] = args;
        const isRemoval = ((changes[2] ?? 0) & EV_DELETE) !== 0;
        const fault = changeCount > 0 ? this.#changeFault(isRemoval) : this.waitResult;
        return fault || systemKernel.kevent(...args);
      },
      epoll_wait: (...args) => this.waitResult || systemKernel.epoll_wait(...args),
      poll: (...args) => this.waitResult || systemKernel.poll(...args),
      select: (...args) => this.waitResult || systemKernel.select(...args),
    };
  }

  #changeFault(isRemoval: boolean): number {
    this.changes += 1;
    return isRemoval ? this.removeResult : this.changeResult;
  }
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
    const faulty = new FaultyKernel();
    const selector = contract.open<string>(faulty.kernel);
    for (const fileobj of [contract.pair()[0], contract.rawPair()[0]]) {
      faulty.changeResult = errnoOf(code);
      const error = expectCode(() => selector.register(fileobj, EVENT_WRITE, "data"), code);
      expect(error).toBeInstanceOf(SystemError);
      expect(selector.map.size).toBe(0);
      expectCode(() => selector.getKey(fileobj), "ERR_NOT_REGISTERED");
      faulty.changeResult = 0;
      expect(selector.select(0)).toEqual([]);
      selector.register(fileobj, EVENT_WRITE, "data");
      expect(selector.select(0)).toHaveLength(1);
      selector.unregister(fileobj);
    }
  });

  test.each(REFUSALS)("%s at modify(): thrown, the registration is gone (T16)", (code) => {
    const faulty = new FaultyKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.rawPair();
    selector.register(left, EVENT_READ);
    faulty.changeResult = errnoOf(code);
    expectCode(() => selector.modify(left, EVENT_WRITE), code);
    expect(selector.map.size).toBe(0);
    faulty.changeResult = 0;
    selector.register(left, EVENT_WRITE);
    expect(selector.select(0)).toHaveLength(1);
  });

  test.each(REFUSALS)("%s at a change that was put off: the next wait throws it (T16)", (code) => {
    const faulty = new FaultyKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.pair();
    const [other] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.register(other, EVENT_WRITE);
    faulty.changeResult = errnoOf(code);
    expectCode(() => {
      selector.modify(left, EVENT_WRITE);
      selector.select(0);
    }, code);
    faulty.changeResult = 0;
    expect([...selector.map.keys()]).toEqual([other.fileno()]);
    expect(selector.select(0)).toHaveLength(1);
    selector.register(left, EVENT_WRITE);
    expect(selector.select(0)).toHaveLength(2);
  });

  test("ENOMEM at resume(): the registration is gone", () => {
    const faulty = new FaultyKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.rawPair();
    selector.register(left, EVENT_READ);
    selector.pause(left);
    faulty.changeResult = errnoOf("ENOMEM");
    expectCode(() => selector.resume(left), "ENOMEM");
    expect(selector.map.size).toBe(0);
  });

  test("unregister() succeeds whatever the kernel says", () => {
    const faulty = new FaultyKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.rawPair();
    selector.register(left, EVENT_READ);
    faulty.removeResult = errnoOf("ENOMEM");
    expect(selector.unregister(left).fd).toBe(left);
    expect(selector.map.size).toBe(0);
  });

  test("a refused waker leaves no descriptor, and can be asked for again", () => {
    const faulty = new FaultyKernel();
    const selector = contract.open(faulty.kernel);
    faulty.changeResult = errnoOf("ENOSPC");
    expectCode(() => selector.waker, "ENOSPC");
    faulty.changeResult = 0;
    selector.waker.wake();
    expect(selector.select()).toEqual([]);
  });
}

function economy(contract: Contract): void {
  test("a change of data alone costs none (T15)", () => {
    const faulty = new FaultyKernel();
    const selector = contract.open<string>(faulty.kernel);
    for (const fileobj of [contract.pair()[0], contract.rawPair()[0]]) {
      selector.register(fileobj, EVENT_READ, "old");
      selector.select(0);
      const { changes } = faulty;
      const before = selector.stats().changes;
      selector.modify(fileobj, EVENT_READ, "new");
      selector.select(0);
      expect(faulty.changes).toBe(changes);
      expect(selector.stats().changes).toBe(before);
    }
  });

  test("interest put out and in again between two waits costs none for a socket", () => {
    const faulty = new FaultyKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.pair();
    selector.register(left, EVENT_READ);
    selector.select(0);
    const { changes } = faulty;
    selector.modify(left, EVENT_READ | EVENT_WRITE);
    selector.modify(left, EVENT_READ);
    selector.pause(left);
    selector.resume(left);
    selector.unregister(left);
    selector.register(left, EVENT_READ);
    expect(selector.select(0)).toEqual([]);
    expect(faulty.changes).toBe(changes);
  });
}

function waits(contract: Contract): void {
  test("EINTR is no error; others name the call", () => {
    const faulty = new FaultyKernel();
    const selector = contract.open(faulty.kernel);
    const [left] = contract.pair();
    selector.register(left, EVENT_WRITE);
    faulty.waitResult = errnoOf("EINTR");
    expect(selector.select()).toEqual([]);
    expect(selector.dispatch(null, () => {})).toBe(0);
    expect(selector.stats().interrupted).toBe(2);
    faulty.waitResult = errnoOf("ENOMEM");
    const error = expectCode(() => selector.select(), "ENOMEM");
    expect(error).toMatchObject({ syscall: contract.facts.waitCall });
    faulty.waitResult = 0;
    expect(selector.select()).toHaveLength(1);
  });

  test("an EINTR after the first event of a batch was delivered loses nothing", () => {
    const faulty = new FaultyKernel();
    const selector = contract.open<number>(faulty.kernel);
    for (let i = 0; i < 3; i++) selector.register(contract.pair()[0], EVENT_WRITE, i);
    const failing = () =>
      selector.dispatch(0, () => {
        throw new Error("from the handler");
      });
    expect(failing).toThrow("from the handler");
    faulty.waitResult = errnoOf("EINTR");
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
