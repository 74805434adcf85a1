/**
 * A reactor and a model of it, changed side by side at random. The model knows what is pending: for
 * what, and since which turn. Every call of the reactor's must be one that the model expects then,
 * and after a turn nothing may be left that was pending when it began.
 */
import { expect } from "vitest";
import {
  type Backend,
  EVENT_READ,
  EVENT_WRITE,
  type Socket,
  systemKernel,
} from "../../src/index.js";
import { EVENT_TIMEOUT, type Reactor, type Timer, type Watch } from "../../src/reactor/index.js";
import { pair, reactorOf } from "./support.js";

const BOTH = EVENT_READ | EVENT_WRITE;
const SOCKETS_MAX = 10;
const TIMERS_MAX = 8;

/** xorshift32: the seed stands in the test's name, so that a failure can be run again. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

interface Item {
  isStarted: boolean;
  readonly isOnce: boolean;
  /** What it is to be called for, and the turn that must do it; undefined: nothing. */
  due: { events: number; turn: number } | undefined;
}

interface WatchItem extends Item {
  readonly watch: Watch;
  readonly socket: Socket;
  events: number;
}

interface TimerItem extends Item {
  readonly timer: Timer;
  delayMs: number;
  deadlineMs: number;
  /** Expired and not called yet, or called by hand. */
  isArmed: boolean;
}

export class Walk {
  readonly #random: (limit: number) => number;
  readonly #reactor: Reactor;
  readonly #clock = { now: 1000 };
  #ends: [Socket, Socket][] = [];
  #watches: WatchItem[] = [];
  readonly #timers: TimerItem[] = [];
  #turn = 0;
  #isInTurn = false;
  #calls = 0;

  constructor(backend: Backend, seed: number) {
    this.#random = randomFrom(seed);
    const kernel = { ...systemKernel, nowMs: () => this.#clock.now };
    const limits = { turnCallbacksMax: 1_000_000, turnMs: Infinity };
    this.#reactor = reactorOf({ backend, kernel, ...limits });
    this.#kernel = kernel;
  }

  readonly #kernel: typeof systemKernel;

  step(): void {
    switch (this.#random(5)) {
      case 0:
        this.#changeSocket();
        break;
      case 1:
      case 2:
        this.#changeTimer();
        break;
      default:
        this.#changeWatch();
    }
  }

  /** One turn of both. */
  turn(): void {
    this.#clock.now += this.#random(4);
    this.#collect();
    this.#isInTurn = true;
    const before = this.#calls;
    const made = this.#reactor.turn();
    this.#isInTurn = false;
    expect(made).toBe(this.#calls - before);
    for (const item of this.#items()) {
      if (item.due !== undefined) expect(item.due.turn, "left over").toBe(this.#turn + 1);
    }
    this.compare();
  }

  compare(): void {
    for (const item of this.#watches) {
      expect(item.watch.isStarted).toBe(item.isStarted);
      expect(item.watch.isActive).toBe(item.due !== undefined);
    }
    for (const item of this.#timers) {
      expect(item.timer.isStarted).toBe(item.isStarted);
      expect(item.timer.isActive).toBe(item.due !== undefined);
    }
    const started = this.#items().filter((item) => item.isStarted).length;
    const armed = this.#timers.filter((item) => item.isArmed).length;
    expect(this.#reactor.stats()).toMatchObject({ started, timers: armed });
  }

  #items(): Item[] {
    return [...this.#watches, ...this.#timers];
  }

  /** What a turn that begins now must find. */
  #collect(): void {
    this.#turn += 1;
    for (const item of this.#watches) {
      if (item.isStarted) this.#due(item, readiness(item.socket) & item.events, this.#turn);
    }
    for (const item of this.#timers) {
      if (!item.isArmed || item.deadlineMs > this.#clock.now) continue;
      item.isArmed = false;
      this.#due(item, EVENT_TIMEOUT, this.#turn);
    }
  }

  #due(item: Item, events: number, turn = this.#isInTurn ? this.#turn + 1 : this.#turn): void {
    if (events === 0) return;
    item.due ??= { events: 0, turn };
    item.due.events |= events;
  }

  #take(item: Item): number {
    this.#calls += 1;
    expect(item.due, "a call of what is not due").toBeDefined();
    expect(item.due?.turn).toBeLessThanOrEqual(this.#turn);
    const events = item.due?.events ?? 0;
    item.due = undefined;
    return events;
  }

  #meddle(): void {
    for (let i = this.#random(3); i > 0; i -= 1) this.step();
  }

  #changeSocket(): void {
    const ends = this.#ends[this.#random(SOCKETS_MAX)];
    if (ends === undefined) {
      this.#ends.push(pair(this.#kernel));
      return;
    }
    const [socket, peer] = ends;
    const buffer = Buffer.alloc(32);
    switch (this.#random(6)) {
      case 0:
      case 1:
        if (!peer.isClosed) peer.send(buffer);
        break;
      case 2:
        socket.recv(buffer);
        break;
      case 3:
        peer.close();
        break;
      case 4:
        this.#close(socket, peer);
        break;
      default:
        this.#addWatch(socket);
    }
  }

  #close(socket: Socket, peer: Socket): void {
    socket.close();
    peer.close();
    this.#ends = this.#ends.filter(([one]) => one !== socket);
    for (const item of this.#watches) {
      if (item.socket !== socket || !item.isStarted) continue;
      item.isStarted = false;
      item.due = undefined;
    }
    this.#watches = this.#watches.filter((item) => item.socket !== socket || item.due);
  }

  #addWatch(socket: Socket): void {
    const isOnce = this.#random(3) === 0;
    const events = 1 + this.#random(BOTH);
    const onReady = (happened: number, _flags: number) => {
      if (isOnce) item.isStarted = false;
      expect(happened).toBe(this.#take(item));
      this.#meddle();
    };
    const watch = this.#reactor.watch(socket, events, onReady, { once: isOnce });
    const item: WatchItem = { watch, socket, isOnce, events, isStarted: true, due: undefined };
    this.#watches.push(item);
  }

  #changeWatch(): void {
    const item = this.#watches[this.#random(2 * SOCKETS_MAX)];
    if (item === undefined) return;
    const events = 1 + this.#random(BOTH);
    switch (this.#random(4)) {
      case 0:
        item.watch.stop();
        item.isStarted = false;
        item.due = undefined;
        break;
      case 1:
        if (item.socket.isClosed) break;
        item.watch.start();
        item.isStarted = true;
        break;
      case 2:
        item.watch.activate(events);
        this.#due(item, events);
        break;
      default:
        item.watch.modify(events);
        item.events = events;
        if (item.due !== undefined) item.due.events &= events;
        if (item.due?.events === 0) item.due = undefined;
    }
  }

  #changeTimer(): void {
    const item = this.#timers[this.#random(TIMERS_MAX)];
    if (item === undefined) {
      this.#addTimer();
      return;
    }
    switch (this.#random(3)) {
      case 0:
        item.timer.stop();
        item.isStarted = item.isArmed = false;
        item.due = undefined;
        break;
      case 1:
        item.delayMs = this.#random(6);
        item.timer.start(item.delayMs);
        item.deadlineMs = this.#clock.now + item.delayMs;
        item.isStarted = item.isArmed = true;
        item.due = undefined;
        break;
      default:
        item.timer.activate();
        this.#due(item, EVENT_TIMEOUT);
    }
  }

  #addTimer(): void {
    const isOnce = this.#random(2) === 0;
    const delayMs = this.#random(6);
    const timer = this.#reactor.timer(delayMs, () => this.#fire(item), { repeat: !isOnce });
    const deadlineMs = this.#clock.now + delayMs;
    const item: TimerItem = {
      timer,
      isOnce,
      delayMs,
      deadlineMs,
      isStarted: true,
      isArmed: true,
      due: undefined,
    };
    this.#timers.push(item);
  }

  #fire(item: TimerItem): void {
    this.#take(item);
    const { now } = this.#clock;
    if (item.isOnce || !item.isStarted) {
      item.isStarted = item.isArmed = false;
    } else {
      const next = (item.isArmed ? now : item.deadlineMs) + item.delayMs;
      item.deadlineMs = next > now ? next : now + item.delayMs;
      item.isArmed = true;
    }
    this.#meddle();
  }
}

/** What one look at the socket alone says. */
function readiness(socket: Socket): number {
  const { POLLIN, POLLOUT, POLLHUP, POLLERR } = systemKernel.constants;
  const out = new Int32Array(3);
  const interest = Int32Array.of(socket.fileno(), POLLIN | POLLOUT, 0, 0);
  if (systemKernel.poll(interest, 1, out, 0) === 0) return 0;
  const bits = out[2] as number;
  const isBroken = (bits & (POLLHUP | POLLERR)) !== 0;
  return (
    (isBroken || (bits & POLLIN) !== 0 ? EVENT_READ : 0) |
    (isBroken || (bits & POLLOUT) !== 0 ? EVENT_WRITE : 0)
  );
}
