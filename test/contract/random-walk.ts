/**
 * A long-lived selector and a fresh one with the same registrations say the same, after any order
 * of changes: what was put off, cancelled, closed or reused must not show.
 */
import { expect, test } from "vitest";
import { EVENT_READ, EVENT_WRITE, type Selector, Socket } from "../../src/index.js";
import { read, send } from "../support/raw.js";
import { type Contract, readyBits } from "./contract.js";

const WALKS = 20;
const STEPS = 150;
const PAIRS_MAX = 12;

/** xorshift32: the seed stands in the test's name, so that a failure can be run again. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

interface Entry {
  readonly socket: Socket;
  readonly peer: Socket;
  /** Registered by its number, which nobody vouches for, instead of as a socket. */
  readonly isNumber: boolean;
  /** The interest that is expected; 0: not registered. */
  events: number;
  isPaused: boolean;
}

class Walk {
  readonly #contract: Contract;
  readonly #random: (limit: number) => number;
  readonly #selector: Selector;
  #entries: Entry[] = [];

  constructor(contract: Contract, seed: number) {
    this.#contract = contract;
    this.#random = randomFrom(seed);
    this.#selector = contract.open();
  }

  step(): void {
    const entry = this.#entries[this.#random(PAIRS_MAX)];
    if (entry === undefined) this.#open();
    else this.#change(entry);
  }

  /** Changes made by handlers in the middle of a batch. */
  dispatch(): void {
    this.#selector.dispatch(0, () => {
      for (let i = this.#random(4); i > 0; i--) this.step();
    });
  }

  compare(): void {
    const fresh = this.#contract.open();
    for (const { socket, events, isPaused } of this.#entries) {
      if (events !== 0 && !isPaused) fresh.register(socket, events);
    }
    expect(readyBits(this.#selector)).toEqual(readyBits(fresh));
    fresh.close();
    const registered = this.#entries.filter(({ events }) => events !== 0);
    expect(new Set(this.#selector.map.keys())).toEqual(
      new Set(registered.map(({ socket }) => socket.fileno())),
    );
  }

  #open(): void {
    const [socket, peer] = Socket.pair();
    this.#contract.keep(socket);
    this.#contract.keep(peer);
    const isNumber = this.#random(3) === 0;
    this.#entries.push({ socket, peer, isNumber, events: 0, isPaused: false });
  }

  #change(entry: Entry): void {
    const { socket, peer } = entry;
    switch (this.#random(8)) {
      case 0:
        if (peer.fileno() >= 0) send(peer.fileno());
        break;
      case 1:
        read(socket.fileno());
        break;
      case 2:
        this.#close(entry);
        break;
      case 3:
        if (this.#random(4) === 0) peer.close();
        break;
      default:
        this.#changeInterest(entry);
    }
  }

  #close(entry: Entry): void {
    // Nobody tells the selector of a number that is closed: its registrar has to.
    if (entry.isNumber && entry.events !== 0) this.#selector.unregister(entry.socket.fileno());
    entry.socket.close();
    entry.peer.close();
    this.#entries = this.#entries.filter((other) => other !== entry);
  }

  #changeInterest(entry: Entry): void {
    const selector = this.#selector;
    const fileobj = entry.isNumber ? entry.socket.fileno() : entry.socket;
    const events = 1 + this.#random(EVENT_READ | EVENT_WRITE);
    if (entry.events === 0) {
      selector.register(fileobj, events);
      entry.events = events;
      entry.isPaused = false;
      return;
    }
    switch (this.#random(4)) {
      case 0:
        selector.unregister(fileobj);
        entry.events = 0;
        break;
      case 1:
        selector.pause(fileobj);
        entry.isPaused = true;
        break;
      case 2:
        selector.resume(fileobj);
        entry.isPaused = false;
        break;
      default:
        selector.modify(fileobj, events);
        entry.events = events;
        entry.isPaused = false;
    }
  }
}

export function randomWalkContract(contract: Contract): void {
  const seeds = Array.from({ length: WALKS }, (_, i) => 0x9e3779b9 ^ (i * 7919 + 1));

  test.each(seeds)("seed %s: always as a fresh selector would say", (seed) => {
    const walk = new Walk(contract, seed);
    for (let i = 0; i < STEPS; i++) {
      walk.step();
      if (i % 3 === 0) walk.compare();
      if (i % 7 === 0) walk.dispatch();
    }
    walk.compare();
  });
}
