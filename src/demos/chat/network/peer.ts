/** A connection as the chat network sees it: somewhere to send lines to, whatever carries them. */
import type { OutgoingLine } from "./outgoing-line.js";

export interface Peer {
  /** What others are shown as its host: an address without port. No blanks, no leading colon. */
  readonly host: string;
  /**
   * Queues one line. Never throws. Who does not read is given up by its transport, which then calls
   * `session.leave` in a later turn, never from within `send`.
   */
  send(line: OutgoingLine): void;
  /** Sends what is queued, then ends the connection. Nothing is sent after it. */
  close(): void;
}
