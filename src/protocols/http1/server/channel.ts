/**
 * A connection as its requests and answers see it: these know each other's connection by this alone,
 * so that request.ts, response.ts and connection.ts do not import one another in a ring.
 */
import type { ByteQueue, SendFileOptions, SocketStream } from "../../../streams/index.js";
import type { DateLine } from "./date-line.js";

/** What carries a request's body. */
export interface RequestChannel {
  readonly stream: SocketStream;
  /** Somebody reads now, or reads again: what has come is delivered, at the end of this turn. */
  bodyWanted(): void;
  /** "100 Continue", if that makes a difference. */
  sendContinue(): void;
}

/** A part of a file that is sent when the answer's turn comes. */
export interface HeldFile extends SendFileOptions {
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
}

/** What carries an answer. The writing methods are for the answer whose turn it is. */
export interface AnswerChannel {
  readonly stream: SocketStream;
  readonly dates: DateLine;
  /** The peer has ended its side, and this was told. */
  readonly isPeerEnded: boolean;
  /** As UTF-8; within a batch of requests it is sent at the end, with the other answers. */
  writeText(text: string): void;
  writeBytes(bytes: Uint8Array): void;
  writeQueue(queue: ByteQueue): void;
  writeFile(file: HeldFile): void;
  /** False: `onDrain` will come. */
  hasRoom(): boolean;
  /** So many bytes more, or less, wait for their turn. */
  held(bytes: number): void;
  /** Whether this answer is to be the connection's last one. */
  mustClose(answer: Answer): boolean;
  /** It has ended, perhaps before its turn. */
  ended(answer: Answer): void;
  /** The stream is somebody else's from now on. */
  handOver(answer: Answer): SocketStream;
}

/** What a connection keeps in order. */
export interface Answer {
  /** The next one in the order of the requests. */
  next: Answer | undefined;
  /** Its turn has come: what it writes is sent. */
  isFront: boolean;
  /** The connection ends with it. */
  isLast: boolean;
  readonly isEnded: boolean;
  readonly isHeadSent: boolean;
  readonly status: number;
  /** False: the request did not allow another one. */
  readonly keepAlive: boolean;
  /** Its turn has come: sends what it has held. */
  takeTurn(): void;
  /** It was told to stop. */
  readonly needsDrain: boolean;
  /** There is room again. Calls its handler. */
  roomAgain(): void;
  /** The peer has ended its side: whether it still reads is not known. */
  peerEnded(error: Error): void;
  /** Nothing can be sent any more. */
  abort(error: Error): void;
}
