/**
 * The deadlines of all connections on one timer, which looks at each now and then: who has not said
 * who it is, who is silent, and who was told good-bye and stays.
 *
 * The rule of this file: a deadline is never early. What came since the last look counts as come
 * now, and after a time in which this process was busy everybody gets theirs anew.
 */
import type { Reactor, Timer } from "socket-reactor";
import type { ChatPeer } from "./chat-peer.js";
import type { ChatLimits } from "./limits.js";
import type { Outbox } from "./outbox.js";

/** How often it looks at the most and at the least: so late is a deadline at most. */
const SWEEP_MS_MIN = 10;
const SWEEP_MS_MAX = 1000;

/** A quarter of the shortest deadline. */
const SWEEPS_PER_DEADLINE = 4;

/** A look that comes so many times later than it should says that nobody was heard meanwhile. */
const LATE_FACTOR = 3;

export interface SweepOptions {
  readonly reactor: Reactor;
  readonly limits: ChatLimits;
  readonly outbox: Outbox;
  readonly peers: ReadonlySet<ChatPeer>;
}

export class PeerSweep {
  readonly #options: SweepOptions;
  readonly #everyMs: number;
  readonly #timer: Timer;
  readonly #pingTimeout: string;
  #sweptMs = 0;
  #timeouts = 0;

  constructor(options: SweepOptions) {
    const { limits, reactor } = options;
    const { registrationMs, pingAfterMs, pongWithinMs, closeMs } = limits;
    const shortestMs = Math.min(registrationMs, pingAfterMs, pongWithinMs, closeMs);
    const everyMs = Math.max(SWEEP_MS_MIN, shortestMs / SWEEPS_PER_DEADLINE);
    const silentSeconds = Math.round((pingAfterMs + pongWithinMs) / 1000);
    this.#options = options;
    this.#everyMs = Math.min(SWEEP_MS_MAX, everyMs);
    this.#pingTimeout = `Ping timeout: ${silentSeconds} seconds`;
    const timerOptions = { repeat: true, start: false };
    this.#timer = reactor.timer(this.#everyMs, () => this.#sweep(), timerOptions).unref();
  }

  /** Connections that were given up because nothing was heard of them. */
  get timeouts(): number {
    return this.#timeouts;
  }

  /** There is somebody to look at. */
  start(): void {
    if (this.#timer.isStarted) return;
    this.#sweptMs = this.#options.reactor.kernel.nowMs();
    this.#timer.start();
  }

  stop(): void {
    this.#timer.stop();
  }

  #sweep(): void {
    const { reactor, outbox, peers } = this.#options;
    const nowMs = reactor.kernel.nowMs();
    const isLate = nowMs - this.#sweptMs > LATE_FACTOR * this.#everyMs;
    this.#sweptMs = nowMs;
    for (const peer of peers) this.#look(peer, nowMs, isLate);
    outbox.flush();
    if (peers.size === 0) this.#timer.stop();
  }

  #look(peer: ChatPeer, nowMs: number, isLate: boolean): void {
    const { registrationMs, pingAfterMs, pongWithinMs, closeMs } = this.#options.limits;
    if (isLate) beginAnew(peer, nowMs);
    if (peer.closingMs !== undefined) {
      if (nowMs - peer.closingMs >= closeMs) peer.abort("Connection lost");
    } else if (!peer.session.isRegistered) {
      if (nowMs - peer.connectedMs >= registrationMs) peer.dismiss("Registration timed out");
    } else if (peer.isHeld) {
      // Its answer would stand behind all it has said. But to write shows if it is gone.
      peer.isHeard = true;
      if (nowMs - (peer.pingedMs ?? peer.heardMs) >= pingAfterMs) ping(peer, nowMs);
    } else if (peer.isHeard) {
      peer.isHeard = false;
      peer.heardMs = nowMs;
      peer.pingedMs = undefined;
    } else if (peer.pingedMs !== undefined) {
      if (nowMs - peer.pingedMs >= pongWithinMs) this.#timeOut(peer);
    } else if (nowMs - peer.heardMs >= pingAfterMs) ping(peer, nowMs);
  }

  #timeOut(peer: ChatPeer): void {
    this.#timeouts += 1;
    peer.dismiss(this.#pingTimeout);
  }
}

/** Nobody was listened to. */
function beginAnew(peer: ChatPeer, nowMs: number): void {
  peer.connectedMs = nowMs;
  peer.isHeard = true;
  if (peer.closingMs !== undefined) peer.closingMs = nowMs;
}

function ping(peer: ChatPeer, nowMs: number): void {
  peer.pingedMs = nowMs;
  peer.session.ping();
}
