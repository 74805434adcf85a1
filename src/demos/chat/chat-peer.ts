/**
 * A connection of the chat, whatever carries it: lines of TCP (line-peer.ts) or messages of a
 * WebSocket (web-peer.ts). Here is what both have: what waits to be written, who is too slow, and
 * how it ends.
 *
 * The rules of this file: `send` only notes, and nobody is left within it; and a message costs no
 * look at the clock and no timer, but a mark that peer-sweep.ts finds.
 */
import type { Reactor } from "socket-reactor";
import type { FloodGate, Speaker } from "./flood-gate.js";
import type { ChatLimits } from "./limits.js";
import type { ChatNetwork } from "./network/chat-network.js";
import type { OutgoingLine } from "./network/outgoing-line.js";
import type { Peer } from "./network/peer.js";
import type { Session } from "./network/session.js";
import type { Outbox, Writer } from "./outbox.js";

/** Lines noted for one peer before they are written: an answer of many lines is not kept whole. */
const NOTED_LINES_MAX = 256;

export const SENDQ_EXCEEDED = "Max SendQ exceeded";

/** What all peers of a server share. */
export interface PeerHub {
  readonly reactor: Reactor;
  readonly network: ChatNetwork;
  readonly limits: ChatLimits;
  readonly outbox: Outbox;
  /** Undefined: everybody may speak as fast as they like. */
  readonly floods: FloodGate | undefined;
  /** Everybody is being told good-bye. */
  readonly isGoingDown: boolean;
  /** The last one hears of it. */
  removed(peer: ChatPeer, reason: string): void;
}

export abstract class ChatPeer implements Peer, Speaker, Writer {
  readonly host: string;
  abstract readonly session: Session;
  protected readonly hub: PeerHub;
  /** For the flood gate. */
  credit = 0;
  creditMs = 0;
  /** For the sweep: since when it may say who it is. */
  connectedMs: number;
  /** Something came since it looked, or could not be heard. */
  isHeard = true;
  heardMs: number;
  /** When it was asked if it is there; undefined: it is not. */
  pingedMs: number | undefined;
  /** When it was told our last word; undefined: not yet. */
  closingMs: number | undefined;
  /** Nothing more is sent. */
  isMuted = false;
  #isHeld = false;
  #reason: string | undefined;
  #first: OutgoingLine | undefined;
  #more: OutgoingLine[] | undefined;

  protected constructor(hub: PeerHub, host: string) {
    this.hub = hub;
    this.host = host;
    this.connectedMs = hub.reactor.kernel.nowMs();
    this.heardMs = this.connectedMs;
    hub.floods?.fill(this);
  }

  /** It has used up its lines, and is not read from. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  send(line: OutgoingLine): void {
    if (this.isMuted) return;
    if (this.#first === undefined) {
      this.#first = line;
      this.hub.outbox.add(this);
      return;
    }
    this.#more ??= [];
    if (this.#more.push(line) >= NOTED_LINES_MAX) this.flush();
  }

  /** For the outbox. */
  flush(): void {
    const first = this.#first;
    if (first === undefined) return;
    const more = this.#more;
    this.#first = undefined;
    this.#more = undefined;
    if (!this.isWritable) return;
    this.write(first);
    if (more !== undefined) for (const line of more) this.write(line);
    if (this.pendingBytes > this.hub.limits.sendQBytesMax) this.#giveUp();
  }

  close(): void {
    if (this.closingMs !== undefined) return;
    this.flush();
    this.isMuted = true;
    this.#reason ??= "ended";
    this.closingMs = this.hub.reactor.kernel.nowMs();
    this.hub.floods?.leave(this);
    this.finish();
  }

  /** Tells it why, and ends it. Who has ended its side already has had its time to read, and is cut. */
  dismiss(reason: string): void {
    this.#reason ??= reason;
    if (this.session.isClosed) this.abort(reason);
    else this.session.error(reason);
  }

  /** Ends it now; what was not sent is dropped. @param reason for the others, if it is still in. */
  abort(reason: string): void {
    this.isMuted = true;
    this.#reason ??= reason;
    this.session.leave(reason);
    this.cut();
  }

  /** For the flood gate. */
  goOn(): void {
    this.#isHeld = false;
    this.listen(true);
  }

  /** A line came. */
  protected heard(line: string): void {
    if (this.closingMs !== undefined) return;
    try {
      this.session.receive(line);
    } finally {
      this.#spoke();
    }
  }

  /** Something came that is no line. */
  protected heardBad(code: "ERR_LINE_TOO_LONG" | "ERR_LINE_BAD_BYTE"): void {
    if (this.closingMs !== undefined) return;
    try {
      this.session.badLine(code);
    } finally {
      this.#spoke();
    }
  }

  /** The connection is over, or its peer has ended it. */
  protected gone(reason: string): void {
    this.#reason ??= reason;
    this.session.leave(reason);
  }

  /** The connection is closed. */
  protected removed(reason: string): void {
    this.isMuted = true;
    this.hub.floods?.leave(this);
    this.gone(reason);
    this.hub.removed(this, this.#reason ?? reason);
  }

  #spoke(): void {
    this.isHeard = true;
    const { floods } = this.hub;
    if (floods === undefined || this.closingMs !== undefined || floods.spend(this)) return;
    this.#isHeld = true;
    this.listen(false);
  }

  /** The others are not to wait: in a later turn, for this one is in the midst of telling them. */
  #giveUp(): void {
    this.isMuted = true;
    this.hub.reactor.deferPlain(() => this.abort(SENDQ_EXCEEDED));
  }

  // What a carrier adds.

  /** Bytes that were written and that the kernel has not taken. */
  abstract readonly pendingBytes: number;
  /** Where it comes from, with its port. */
  abstract readonly name: string;
  protected abstract readonly isWritable: boolean;
  protected abstract write(line: OutgoingLine): void;
  /** Whether what comes is taken. */
  protected abstract listen(listens: boolean): void;
  /** Ends our side after what was written; what still comes is taken and dropped. */
  protected abstract finish(): void;
  protected abstract cut(): void;
}
