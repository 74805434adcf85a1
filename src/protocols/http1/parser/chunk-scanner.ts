/**
 * What stands between the data of a chunked body: chunk sizes, extensions and line ends (RFC 9112
 * §7.1). body-reader.ts counts the data and reads the trailers.
 *
 * Rules: extensions are checked and dropped. No blanks are taken, though the RFC lets a recipient
 * skip them before and within extensions: nobody sends them but to be read in two ways.
 */
import {
  BACKSLASH,
  CR,
  EQUALS,
  FIELD_VALUE,
  HEX_VALUE,
  LF,
  QUOTE,
  QUOTED_TEXT,
  SEMICOLON,
  TOKEN,
} from "./byte-classes.js";
import { badLineEnd } from "./field-scanner.js";
import { formatByte, HttpParseError } from "./http-parse-error.js";

const SIZE_START = 0;
const SIZE = 1;
const NAME_START = 2;
const NAME = 3;
const VALUE_START = 4;
const VALUE = 5;
const QUOTED = 6;
const ESCAPED = 7;
const QUOTED_END = 8;
const SIZE_LF = 9;
const DATA_CR = 10;
const DATA_LF = 11;
const DONE = 12;

/** 2^53 - 1 has fourteen. */
const SIZE_DIGITS_MAX = 16;

export class ChunkScanner {
  /** Of the chunk whose size line was taken last. */
  size = 0;
  readonly #extensionBytesMax: number;
  #extensionBytes = 0;
  #digits = 0;
  #state = SIZE_START;

  constructor(extensionBytesMax: number) {
    this.#extensionBytesMax = extensionBytesMax;
  }

  /** A body begins. */
  begin(): void {
    this.#extensionBytes = 0;
    this.#expectSize(SIZE_START);
  }

  /** The data of a chunk are over: the next line end and size are to be scanned. */
  endData(): void {
    this.#expectSize(DATA_CR);
  }

  /** A chunk's size line has been scanned, and `size` is known. */
  get isDone(): boolean {
    return this.#state === DONE;
  }

  /** Scans until a size is known. Returns where it stopped. */
  scan(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    while (at < end && this.#state !== DONE) {
      const byte = bytes[at]!;
      if (this.#state >= NAME_START && this.#state < SIZE_LF) this.#extension(byte);
      else this.#sizeLine(byte);
      at += 1;
    }
    return at;
  }

  #expectSize(state: number): void {
    this.size = 0;
    this.#digits = 0;
    this.#state = state;
  }

  #sizeLine(byte: number): void {
    switch (this.#state) {
      case SIZE_START:
      case SIZE:
        this.#sizeByte(byte);
        break;
      case DATA_CR:
        if (byte !== CR) throw badChunk("More data than the chunk's size", byte);
        this.#state = DATA_LF;
        break;
      default:
        if (byte !== LF) throw badLineEnd(byte);
        this.#state = this.#state === DATA_LF ? SIZE_START : DONE;
    }
  }

  #sizeByte(byte: number): void {
    const digit = HEX_VALUE[byte]!;
    if (digit < 16) {
      this.#digits += 1;
      if (this.#digits > SIZE_DIGITS_MAX) throw badChunk("Chunk size too long", byte);
      this.size = this.size * 16 + digit;
      this.#state = SIZE;
    } else if (this.#state === SIZE_START) {
      throw badChunk("Invalid byte in a chunk size", byte);
    } else if (byte === CR) {
      this.#state = SIZE_LF;
    } else if (byte === SEMICOLON) {
      this.#countExtension();
      this.#state = NAME_START;
    } else {
      throw badChunk("Invalid byte behind a chunk size", byte);
    }
  }

  /** A byte of *( ";" name [ "=" ( token / quoted-string ) ] ), up to the CR. */
  #extension(byte: number): void {
    this.#countExtension();
    switch (this.#state) {
      case NAME_START:
      case NAME:
        if (TOKEN[byte] === 1) this.#state = NAME;
        else if (this.#state === NAME_START) throw badExtension(byte);
        else if (byte === EQUALS) this.#state = VALUE_START;
        else this.#endExtension(byte);
        break;
      case VALUE_START:
      case VALUE:
        if (TOKEN[byte] === 1) this.#state = VALUE;
        else if (this.#state === VALUE) this.#endExtension(byte);
        else if (byte === QUOTE) this.#state = QUOTED;
        else throw badExtension(byte);
        break;
      case QUOTED:
        if (QUOTED_TEXT[byte] === 1) break;
        if (byte === QUOTE) this.#state = QUOTED_END;
        else if (byte === BACKSLASH) this.#state = ESCAPED;
        else throw badExtension(byte);
        break;
      case ESCAPED:
        if (FIELD_VALUE[byte] === 0) throw badExtension(byte);
        this.#state = QUOTED;
        break;
      default:
        this.#endExtension(byte);
    }
  }

  #endExtension(byte: number): void {
    if (byte === CR) this.#state = SIZE_LF;
    else if (byte === SEMICOLON) this.#state = NAME_START;
    else throw badExtension(byte);
  }

  #countExtension(): void {
    this.#extensionBytes += 1;
    if (this.#extensionBytes <= this.#extensionBytesMax) return;
    const message = `More than ${this.#extensionBytesMax} bytes of chunk extensions`;
    throw new HttpParseError("ERR_HTTP_CHUNK_EXTENSION", 400, message);
  }
}

function badChunk(message: string, byte: number): HttpParseError {
  return new HttpParseError("ERR_HTTP_CHUNK", 400, `${message}: ${formatByte(byte)}`);
}

function badExtension(byte: number): HttpParseError {
  const message = `Invalid byte in a chunk extension: ${formatByte(byte)}`;
  return new HttpParseError("ERR_HTTP_CHUNK_EXTENSION", 400, message);
}
