/**
 * Says of bytes, as they come, whether they can still be UTF-8: at the first byte that cannot be,
 * not at the end. Strict: no overlong form, no surrogate, nothing beyond U+10FFFF. RFC 3629 §4,
 * RFC 6455 §8.1
 *
 * What may follow a lead byte is a number of bytes, and a range for the next one: only the byte
 * right after E0, ED, F0 and F4 has a narrower range than 80 to BF.
 */
export class Utf8Validator {
  #missing = 0;
  #lowest = 0x80;
  #highest = 0xbf;
  #isAscii = true;

  /** False in the midst of a character. */
  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** True if there was nothing but ASCII since the start: then Latin-1 says the same, faster. */
  get isAscii(): boolean {
    return this.#isAscii;
  }

  /** Starts anew. */
  reset(): void {
    this.#missing = 0;
    this.#lowest = 0x80;
    this.#highest = 0xbf;
    this.#isAscii = true;
  }

  /** The next bytes, [start, end). False: it is no UTF-8, and what comes will not mend it. */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at < end) {
      if (this.#missing === 0) {
        at = skipAscii(bytes, at, end);
        if (at === end) return true;
        if (!this.#lead(bytes[at]!)) return false;
      } else {
        const byte = bytes[at]!;
        if (byte < this.#lowest || byte > this.#highest) return false;
        this.#missing -= 1;
        this.#lowest = 0x80;
        this.#highest = 0xbf;
      }
      at += 1;
    }
    return true;
  }

  /** A byte of 0x80 or more that begins a character. */
  #lead(byte: number): boolean {
    this.#isAscii = false;
    if (byte < 0xc2 || byte > 0xf4) return false;
    if (byte < 0xe0) this.#missing = 1;
    else if (byte < 0xf0) {
      this.#missing = 2;
      if (byte === 0xe0) this.#lowest = 0xa0;
      else if (byte === 0xed) this.#highest = 0x9f;
    } else {
      this.#missing = 3;
      if (byte === 0xf0) this.#lowest = 0x90;
      else if (byte === 0xf4) this.#highest = 0x8f;
    }
    return true;
  }
}

/** Where the first byte of 0x80 or more is; `end` if there is none. */
function skipAscii(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at + 4 <= end) {
    if ((bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) >= 0x80) break;
    at += 4;
  }
  while (at < end && bytes[at]! < 0x80) at += 1;
  return at;
}
