/** A chat client over TCP: irssi, weechat, or a person with nc. Lines are protocols/lines'. */
import { formatAddress, type SocketStream } from "socket-reactor";
import { type LineError, type LineHandler, LineStream } from "socket-reactor/protocols/lines";
import { ChatPeer, type PeerHub } from "./chat-peer.js";
import { LINE_BYTES_MAX } from "./network/limits.js";
import type { OutgoingLine } from "./network/outgoing-line.js";
import type { Session } from "./network/session.js";
import { CLIENT_CLOSED, quitReason } from "./quit-reason.js";

export class LinePeer extends ChatPeer implements LineHandler<LineStream<SocketStream>> {
  readonly session: Session;
  readonly name: string;
  readonly #stream: SocketStream;
  readonly #lines: LineStream<SocketStream>;

  /** @param stream of a listener; its handler is taken. */
  constructor(hub: PeerHub, stream: SocketStream, host: string) {
    super(hub, host);
    const { remoteAddress } = stream.socket;
    this.name = remoteAddress === undefined ? host : formatAddress(remoteAddress);
    this.#stream = stream;
    const options = { lineBytesMax: LINE_BYTES_MAX, badLines: "discard" } as const;
    this.#lines = new LineStream(stream, this, options);
    this.session = hub.network.connect(this);
  }

  get pendingBytes(): number {
    return this.#stream.pendingBytes;
  }

  // What the line stream calls.

  onLine(_: LineStream<SocketStream>, line: string): void {
    this.heard(line);
  }

  onBadLine(_: LineStream<SocketStream>, error: LineError): void {
    this.heardBad(error.code);
  }

  /** What it has asked for before is still answered: `nc -N` ends its side and reads on. */
  onEnd(): void {
    this.gone(CLIENT_CLOSED);
    this.flush();
  }

  onClose(_: LineStream<SocketStream>, error: Error | undefined): void {
    this.removed(quitReason(error));
  }

  protected get isWritable(): boolean {
    return this.#stream.isWritable;
  }

  protected write(line: OutgoingLine): void {
    this.#stream.write(line.line);
  }

  protected listen(listens: boolean): void {
    if (listens) this.#lines.resume();
    else this.#lines.pause();
  }

  protected finish(): void {
    this.#lines.resume();
    this.#stream.end();
  }

  protected cut(): void {
    this.#stream.destroy();
  }
}
