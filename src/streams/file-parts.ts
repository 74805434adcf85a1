/** Parts of files among a stream's output. Each knows how many queued bytes go before it. */
import { outOfRange } from "../kernel/index.js";
import type { ByteQueue } from "./byte-queue.js";

export interface SendFileOptions {
  /** Called once: when the last byte was taken, or when the stream ended before. */
  readonly onSent?: ((isComplete: boolean) => void) | undefined;
}

export interface FilePart extends SendFileOptions {
  readonly fd: number;
  offset: number;
  /** What is left of it. */
  length: number;
  /** Queued bytes that go before it and after the part ahead of it. */
  lead: number;
}

export class FileParts {
  readonly #parts: FilePart[] = [];
  readonly #fail: (error: unknown) => void;

  /** @param fail gets what an `onSent` throws, which is no affair of who sends. */
  constructor(fail: (error: unknown) => void) {
    this.#fail = fail;
  }

  /** Bytes of files that are to be sent. */
  get bytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** Queued bytes that go before the last part. */
  get leadBytes(): number {
    return this.#parts.reduce((sum, part) => sum + part.lead, 0);
  }

  get first(): FilePart | undefined {
    return this.#parts[0];
  }

  /** @param part checked. */
  add(part: FilePart): void {
    if (part.length === 0) this.#tell(part, true);
    else this.#parts.push(part);
  }

  /** Bytes of `output` that go before the next file. */
  lead(output: ByteQueue): number {
    return this.first === undefined ? output.length : this.first.lead;
  }

  /** So many queued bytes went. */
  sentBytes(n: number): void {
    if (this.first !== undefined) this.first.lead -= n;
  }

  /** So many bytes of the first part went. */
  sentFile(n: number): void {
    const part = this.first as FilePart;
    part.offset += n;
    part.length -= n;
    if (part.length > 0) return;
    this.#parts.shift();
    this.#tell(part, true);
  }

  /** The stream has ended. */
  clear(): void {
    for (const part of this.#parts.splice(0)) this.#tell(part, false);
  }

  #tell({ onSent }: FilePart, isComplete: boolean): void {
    try {
      onSent?.(isComplete);
    } catch (error) {
      this.#fail(error);
    }
  }
}

/** @throws RangeError ERR_OUT_OF_RANGE */
export function checkPart(part: Pick<FilePart, "fd" | "offset" | "length">): void {
  for (const name of ["fd", "offset", "length"] as const) {
    if (Number.isSafeInteger(part[name]) && part[name] >= 0) continue;
    throw outOfRange(name, "an integer of 0 or more", part[name]);
  }
}
