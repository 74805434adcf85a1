/**
 * A chat client over WebSocket, as the page is one: each text message is a line without its end.
 * https://ircv3.net/specs/extensions/websocket
 */
import {
  CLOSE_ABNORMAL,
  CLOSE_GOING_AWAY,
  CLOSE_NO_STATUS,
  CLOSE_NORMAL,
  type WebSocketConnection,
  type WebSocketHandler,
} from "socket-reactor/protocols/websocket";
import { ChatPeer, type PeerHub } from "./chat-peer.js";
import type { OutgoingLine } from "./network/outgoing-line.js";
import type { Session } from "./network/session.js";
import { CLIENT_CLOSED, quitReason } from "./quit-reason.js";

/** What came is of a kind that is not understood. RFC 6455 §7.4.1 */
const CLOSE_UNSUPPORTED = 1003;

export class WebPeer extends ChatPeer implements WebSocketHandler {
  readonly session: Session;
  readonly name: string;
  readonly #socket: WebSocketConnection;

  /** @param socket just accepted; its handler is taken. */
  constructor(hub: PeerHub, socket: WebSocketConnection, { host, name }: WebPlace) {
    super(hub, host);
    this.name = name;
    this.#socket = socket;
    socket.handler = this;
    this.session = hub.network.connect(this);
  }

  get pendingBytes(): number {
    return this.#socket.pendingBytes;
  }

  // What the connection calls.

  onMessage(socket: WebSocketConnection, data: string | Buffer): void {
    if (typeof data !== "string") socket.close(CLOSE_UNSUPPORTED, "Only text is understood");
    else this.heard(data); // the session looks if it is one line, and no longer than one
  }

  onClose(socket: WebSocketConnection, code: number): void {
    this.removed(reasonOf(code, socket.stream.error));
  }

  protected get isWritable(): boolean {
    return this.#socket.isOpen;
  }

  protected write(line: OutgoingLine): void {
    this.#socket.sendEncoded(line.frame);
  }

  protected listen(listens: boolean): void {
    if (listens) this.#socket.resume();
    else this.#socket.pause();
  }

  protected finish(): void {
    this.#socket.close(this.hub.isGoingDown ? CLOSE_GOING_AWAY : CLOSE_NORMAL);
  }

  protected cut(): void {
    this.#socket.terminate();
  }
}

/** Where a connection comes from. */
export interface WebPlace {
  readonly host: string;
  /** With its port. */
  readonly name: string;
}

function reasonOf(code: number, error: Error | undefined): string {
  if (code === CLOSE_ABNORMAL) return quitReason(error);
  const isOrderly = [CLOSE_NORMAL, CLOSE_GOING_AWAY, CLOSE_NO_STATUS].includes(code);
  return isOrderly ? CLIENT_CLOSED : `WebSocket error ${code}`;
}
