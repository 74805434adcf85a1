/**
 * Where an answer's bytes go: to the connection if its turn has come, else into a queue of its own
 * until then. response.ts decides what they are.
 */
import { misuse } from "../../../kernel/index.js";
import { ByteQueue, type SocketStream } from "../../../streams/index.js";
import type { Answer, AnswerChannel, HeldFile } from "./channel.js";
import { goneError } from "./http-errors.js";
import { HELD_BYTES_MAX } from "./limits.js";

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export abstract class AnswerOutput implements Answer {
  next: Answer | undefined = undefined;
  isFront = false;
  isLast = false;
  /** After a `write` that answered false: there is room again. */
  onDrain: (() => void) | undefined = undefined;
  protected readonly channel: AnswerChannel;
  #held: ByteQueue | undefined;
  #file: HeldFile | undefined;
  #error: Error | undefined;
  #needsDrain = false;
  #waiting: Waiting[] | undefined;

  constructor(channel: AnswerChannel) {
    this.channel = channel;
  }

  abstract readonly isEnded: boolean;
  abstract readonly isHeadSent: boolean;
  abstract readonly status: number;
  abstract readonly keepAlive: boolean;
  abstract peerEnded(error: Error): void;
  /** In `abort`, of an answer that had not ended. */
  protected abstract aborted(error: Error): void;

  get stream(): SocketStream {
    return this.channel.stream;
  }

  /** Nothing can be sent any more: what is written is dropped. */
  get isAborted(): boolean {
    return this.#error !== undefined;
  }

  /** Resolves when there is room for more. Rejects when the connection has gone. */
  drained(): Promise<void> {
    this.stream.reactor.assertNotBlocking("A promise");
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (!this.#needsDrain) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting ??= [];
      this.#waiting.push({ resolve, reject });
    });
  }

  protected emitText(text: string): void {
    if (this.isFront) this.channel.writeText(text);
    else this.#hold(text);
  }

  protected emitBytes(bytes: Uint8Array): void {
    if (this.isFront) this.channel.writeBytes(bytes);
    else this.#hold(bytes);
  }

  protected emit(data: string | Uint8Array): void {
    if (typeof data === "string") this.emitText(data);
    else this.emitBytes(data);
  }

  /** The last of an answer. */
  protected emitFile(file: HeldFile): void {
    if (this.isFront) this.channel.writeFile(file);
    else this.#file = file;
  }

  protected hasRoom(): boolean {
    const heldBytes = this.#held?.length ?? 0;
    const hasRoom = this.isFront ? this.channel.hasRoom() : heldBytes < HELD_BYTES_MAX;
    if (!hasRoom) this.#needsDrain = true;
    return hasRoom;
  }

  protected assertNotEnded(): void {
    if (!this.isEnded || this.isAborted) return;
    throw misuse(Error, "ERR_HTTP_RESPONSE_ENDED", "The response was ended: nothing more to write");
  }

  takeTurn(): void {
    this.isFront = true;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) {
      this.channel.held(-held.length);
      this.channel.writeQueue(held);
    }
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) this.channel.writeFile(file);
  }

  get needsDrain(): boolean {
    return this.#needsDrain;
  }

  roomAgain(): void {
    this.#needsDrain = false;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const { resolve } of waiting) resolve();
    if (!this.isEnded) this.onDrain?.();
  }

  abort(error: Error): void {
    this.silence(error);
    this.forget();
    const file = this.#file;
    this.#file = undefined;
    file?.onSent?.(false);
    if (!this.isEnded) this.aborted(error);
  }

  /** What its handler still writes is dropped; what it has written is sent. */
  protected silence(error: Error): void {
    this.#error ??= error;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const { reject } of waiting) reject(goneError(error));
  }

  /** Whatever is held goes away: another answer takes its place. */
  protected forget(): void {
    if (this.#held !== undefined) this.channel.held(-this.#held.length);
    this.#held = undefined;
  }

  #hold(data: string | Uint8Array): void {
    this.#held ??= new ByteQueue();
    const before = this.#held.length;
    if (typeof data === "string") this.#held.append(data);
    else this.#held.append(data);
    this.channel.held(this.#held.length - before);
  }
}
