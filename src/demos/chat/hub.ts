/**
 * What the connections of one server share, and the list of them: who may come in, who has gone,
 * and how everybody is told good-bye. server.ts listens, the peers carry.
 */
import { type Address, formatAddress, type Reactor, type SocketStream } from "socket-reactor";
import type { HttpRequest } from "socket-reactor/protocols/http1";
import type { WebSocketConnection } from "socket-reactor/protocols/websocket";
import { Admission, plainHost } from "./admission.js";
import { type ChatPeer, type PeerHub, SENDQ_EXCEEDED } from "./chat-peer.js";
import { FloodGate } from "./flood-gate.js";
import { type ChatLimits, DEFAULT_LIMITS } from "./limits.js";
import { LinePeer } from "./line-peer.js";
import { ChatNetwork, type NetworkOptions } from "./network/chat-network.js";
import { Outbox } from "./outbox.js";
import { PeerSweep } from "./peer-sweep.js";
import { WebPeer } from "./web-peer.js";

export const GOING_DOWN = "Server going down";

/** Come back later: the page does. */
const CLOSE_TRY_AGAIN = 1013;

export interface HubOptions {
  readonly network?: NetworkOptions | undefined;
  readonly limits?: Partial<ChatLimits> | undefined;
  readonly floodLimits?: boolean | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

export interface HubStats {
  readonly connections: number;
  /** Of them by WebSocket. */
  readonly webConnections: number;
  /** Connections for which there was no room. */
  readonly refused: number;
  /** Who did not read and was dropped. */
  readonly sendQExceeded: number;
  readonly pingTimeouts: number;
  /** Who speaks too fast at this moment and has to wait. */
  readonly held: number;
}

export class Hub implements PeerHub {
  readonly reactor: Reactor;
  readonly network: ChatNetwork;
  readonly limits: ChatLimits;
  readonly outbox: Outbox;
  readonly floods: FloodGate | undefined;
  readonly log: (line: string) => void;
  isGoingDown = false;
  readonly #peers = new Set<ChatPeer>();
  /** They are being told why. */
  readonly #refused = new Set<WebSocketConnection>();
  readonly #admission: Admission;
  readonly #sweep: PeerSweep;
  #webConnections = 0;
  #sendQExceeded = 0;
  #onEmpty: (() => void) | undefined;

  constructor(reactor: Reactor, options: HubOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { floodBurstLines: burstLines, floodLinesPerSecond: linesPerSecond } = limits;
    this.reactor = reactor;
    this.limits = limits;
    this.log = options.log ?? (() => {});
    this.network = new ChatNetwork(options.network);
    this.outbox = new Outbox(reactor);
    if (options.floodLimits ?? true) {
      this.floods = new FloodGate(reactor, { burstLines, linesPerSecond });
    }
    this.#admission = new Admission(limits);
    this.#sweep = new PeerSweep({ reactor, limits, outbox: this.outbox, peers: this.#peers });
  }

  stats(): HubStats {
    return {
      connections: this.#admission.open,
      webConnections: this.#webConnections,
      refused: this.#admission.refused,
      sendQExceeded: this.#sendQExceeded,
      pingTimeouts: this.#sweep.timeouts,
      held: this.floods?.waiting ?? 0,
    };
  }

  serveStream(stream: SocketStream): void {
    const host = hostOfAddress(stream.socket.remoteAddress);
    const refusal = this.#admission.enter(host);
    if (refusal === undefined) {
      this.#added(new LinePeer(this, stream, host));
      return;
    }
    // Its bytes are dropped until it ends: a reset, made by unread ones, might overtake the reason.
    stream.handler = { onData: (_, input) => input.clear() };
    stream.setTimeouts({ totalMs: this.limits.closeMs });
    stream.end(`${refusalLine(host, refusal)}\r\n`);
  }

  serveSocket(socket: WebSocketConnection, { remoteAddress }: HttpRequest): void {
    const host = hostOfAddress(remoteAddress);
    const refusal = this.isGoingDown ? GOING_DOWN : this.#admission.enter(host);
    if (refusal === undefined) {
      const name = remoteAddress === undefined ? host : formatAddress(remoteAddress);
      this.#webConnections += 1;
      this.#added(new WebPeer(this, socket, { host, name }));
      return;
    }
    this.#refused.add(socket);
    socket.handler = { onClose: () => void this.#refused.delete(socket) };
    socket.send(refusalLine(host, refusal));
    socket.close(CLOSE_TRY_AGAIN, refusal);
  }

  removed(peer: ChatPeer, reason: string): void {
    if (!this.#peers.delete(peer)) return;
    this.#admission.leave(peer.host);
    if (peer instanceof WebPeer) this.#webConnections -= 1;
    if (reason === SENDQ_EXCEEDED) this.#sendQExceeded += 1;
    this.log(`CLOSED ${peer.name} ${peer.session.nick}: ${reason}`);
    if (this.#peers.size === 0) this.#onEmpty?.();
  }

  /** Resolves when nobody is left, or at the deadline. */
  sayGoodbye(reason: string, deadlineMs: number): Promise<void> {
    this.#endAll(reason);
    if (this.#peers.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.reactor.timer(deadlineMs, () => resolve());
      this.#onEmpty = () => {
        timer.stop();
        resolve();
      };
    });
  }

  close(reason: string): void {
    this.#endAll(reason);
    for (const peer of this.#peers) peer.abort(reason);
    for (const socket of this.#refused) socket.terminate();
    this.#sweep.stop();
    this.floods?.close();
  }

  /** Each hears of its own end and of nobody else's: a thousand members would be a million lines. */
  #endAll(reason: string): void {
    this.isGoingDown = true;
    this.outbox.flush();
    const told = [...this.#peers].filter((peer) => !peer.isMuted && !peer.session.isClosed);
    for (const peer of told) peer.isMuted = true;
    for (const peer of told) {
      peer.isMuted = false;
      peer.dismiss(reason);
    }
  }

  #added(peer: ChatPeer): void {
    this.#peers.add(peer);
    this.#sweep.start();
    this.log(`ESTABLISHED ${peer.name}`);
  }
}

function hostOfAddress(address: Address | undefined): string {
  const isNumeric = address !== undefined && "address" in address;
  return plainHost(isNumeric ? address.address : undefined);
}

function refusalLine(host: string, refusal: string): string {
  return `ERROR :Closing Link: ${host} (${refusal})`;
}
