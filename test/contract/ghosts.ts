/**
 * Ghosts (divergence D): a descriptor number is closed, a copy keeps the open file alive, and the
 * kernel's queue goes on reporting a registration that nobody can reach. Only epoll has them; the
 * others must not show a trace of one.
 */
import { expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, errnoOf, type Selector, systemKernel } from "../../src/index.js";
import { send } from "../support/raw.js";
import { type Contract, elapsedMs, LONG_MS, noTest, readyBits, WAIT_MS } from "./contract.js";

/** More waits than this in one timeout is a spin. */
const WAITS_MAX = 32;

interface Ghost {
  /** The copy that keeps it alive. */
  readonly copy: number;
  readonly peer: number;
}

/** Registers, copies, closes and unregisters a readable descriptor. */
function makeGhost(contract: Contract, selector: Selector<string>): Ghost {
  const [left, peer] = contract.rawPair();
  selector.register(left, EVENT_READ, "ghost");
  const copy = contract.dup(left);
  contract.closeRaw(left);
  send(peer);
  selector.unregister(left);
  return { copy, peer };
}

export function ghostsContract(contract: Contract): void {
  test("a wait neither returns early nor spins, and the queue is rebuilt", () => {
    const selector = contract.open<string>();
    makeGhost(contract, selector);
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
    const { waits, stale, rebuilds, events } = selector.stats();
    expect(waits).toBeLessThanOrEqual(WAITS_MAX);
    expect(events).toBe(0);
    expect(stale > 0).toBe(contract.facts.reportsGhosts);
    expect(rebuilds).toBe(contract.facts.reportsGhosts ? 1 : 0);
  });

  test("once rebuilt, later waits see nothing of it", () => {
    const selector = contract.open<string>();
    makeGhost(contract, selector);
    selector.select(WAIT_MS);
    const before = selector.stats();
    expect(elapsedMs(() => selector.select(WAIT_MS))).toBeGreaterThanOrEqual(WAIT_MS);
    const after = selector.stats();
    expect(after.stale).toBe(before.stale);
    expect(after.waits - before.waits).toBeLessThanOrEqual(2);
  });

  test("the others are delivered before, during and after the rebuild", () => {
    const selector = contract.open<string>();
    const [left, right] = contract.pair();
    const [writer] = contract.pair();
    selector.register(left, EVENT_READ, "reader");
    makeGhost(contract, selector);
    for (let i = 0; i < 3 * WAITS_MAX; i++) expect(selector.select(0)).toEqual([]);
    send(right.fileno());
    selector.register(writer, EVENT_WRITE, "writer");
    const data = selector.select(LONG_MS).map(({ key }) => key.data);
    expect(data.sort()).toEqual(["reader", "writer"]);
    expect(selector.stats().rebuilds).toBe(contract.facts.reportsGhosts ? 1 : 0);
  });

  test("a busy selector is rid of it too", () => {
    const selector = contract.open<string>();
    const [writer] = contract.pair();
    selector.register(writer, EVENT_WRITE, "busy");
    makeGhost(contract, selector);
    for (let i = 0; i < WAITS_MAX; i++) {
      expect(selector.select(LONG_MS).map(({ key }) => key.data)).toEqual(["busy"]);
    }
    const { stale, rebuilds } = selector.stats();
    expect(rebuilds).toBe(contract.facts.reportsGhosts ? 1 : 0);
    expect(stale).toBeLessThanOrEqual(WAITS_MAX);
  });

  test("several at once need not several rebuilds", () => {
    const selector = contract.open<string>();
    for (let i = 0; i < 5; i++) makeGhost(contract, selector);
    expect(elapsedMs(() => selector.select(WAIT_MS))).toBeGreaterThanOrEqual(WAIT_MS);
    expect(selector.stats().rebuilds).toBe(contract.facts.reportsGhosts ? 1 : 0);
    expect(selector.stats().waits).toBeLessThanOrEqual(WAITS_MAX);
  });

  test("changes made before and after a rebuild are kept by it", () => {
    const selector = contract.open<string>();
    const [paused, pausedPeer] = contract.pair();
    const [modified] = contract.pair();
    const [removed] = contract.pair();
    for (const socket of [paused, modified, removed]) selector.register(socket, EVENT_READ, "");
    selector.pause(paused);
    selector.modify(modified, EVENT_WRITE);
    selector.unregister(removed);
    pausedPeer.close();
    makeGhost(contract, selector);
    for (let i = 0; i < WAITS_MAX; i++) {
      expect(readyBits(selector)).toEqual(new Map([[modified.fileno(), EVENT_WRITE]]));
    }
    selector.resume(paused);
    expect(readyBits(selector).get(paused.fileno())).toBe(EVENT_READ);
  });

  const oneshotTest = contract.facts.modes.includes("oneshot") ? test : noTest;
  oneshotTest(
    "a oneshot registration that has reported stays silent when the queue is rebuilt",
    () => {
      const selector = contract.open<string>();
      const [once] = contract.pair();
      selector.register(once, EVENT_WRITE, "once", { mode: "oneshot" });
      expect(selector.select(0)).toHaveLength(1);
      makeGhost(contract, selector);
      for (let i = 0; i < WAITS_MAX; i++) expect(selector.select(0)).toEqual([]);
      selector.modify(once, EVENT_WRITE);
      expect(selector.select(0)).toHaveLength(1);
    },
  );

  test("a registration paused after its descriptor was closed does not spin", () => {
    const selector = contract.open<string>();
    const [left, right] = contract.rawPair();
    selector.register(left, EVENT_READ, "closed");
    contract.dup(left);
    contract.closeRaw(left);
    send(right);
    selector.pause(left);
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
    expect(selector.stats().waits).toBeLessThanOrEqual(WAITS_MAX);
  });

  test("a rebuild that finds no descriptor is tried again, and loses nothing meanwhile", () => {
    let isFull = false;
    const selector = contract.open<string>({
      ...systemKernel,
      epoll_create1: () => (isFull ? errnoOf("EMFILE") : systemKernel.epoll_create1()),
    });
    const [writer] = contract.pair();
    makeGhost(contract, selector);
    selector.register(writer, EVENT_WRITE, "writer");
    isFull = true;
    for (let i = 0; i < WAITS_MAX; i++) {
      expect(selector.select(0).map(({ key }) => key.data)).toEqual(["writer"]);
    }
    expect(selector.stats().rebuilds).toBe(0);
    selector.modify(writer, EVENT_READ);
    const took = elapsedMs(() => expect(selector.select(WAIT_MS)).toEqual([]));
    expect(took).toBeGreaterThanOrEqual(WAIT_MS);
    isFull = false;
    for (let i = 0; i < WAITS_MAX; i++) expect(selector.select(0)).toEqual([]);
    expect(selector.stats().rebuilds).toBe(contract.facts.reportsGhosts ? 1 : 0);
  });

  test("ready() in a loop gets over it", async () => {
    const selector = contract.open<string>();
    makeGhost(contract, selector);
    let rounds = 0;
    while (await selector.ready(WAIT_MS)) {
      expect(selector.select(0)).toEqual([]);
      rounds += 1;
      expect(rounds).toBeLessThanOrEqual(WAITS_MAX);
    }
  });

  test("a ready() that waits while the queue is rebuilt still sees what comes", async () => {
    const selector = contract.open<string>();
    const [left, right] = contract.pair();
    selector.register(left, EVENT_READ, "reader");
    makeGhost(contract, selector);
    const ready = selector.ready(LONG_MS);
    for (let i = 0; i < WAITS_MAX; i++) expect(selector.select(0)).toEqual([]);
    expect(selector.stats().rebuilds).toBe(contract.facts.reportsGhosts ? 1 : 0);
    send(right.fileno());
    expect(await ready).toBe(true);
    expect(selector.select(0).map(({ key }) => key.data)).toEqual(["reader"]);
  });
}
