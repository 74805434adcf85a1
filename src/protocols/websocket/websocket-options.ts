/** What a connection can be told, and its limits with their names and reasons. */
import { outOfRange, wrongType } from "../../kernel/index.js";
import { checkDelay } from "../../reactor/index.js";
import type { DeflateTerms } from "./parser/deflate-terms.js";
import { WINDOW_BITS_MAX, WINDOW_BITS_MIN } from "./parser/deflate-terms.js";
import { FRAGMENTS_MAX, type FrameLimits, MESSAGE_BYTES_MAX } from "./parser/parser-limits.js";

/** A peer that is silent for so long is pinged: shorter than what proxies and NATs forget. */
export const PING_INTERVAL_MS: number = 30_000;

/** A peer that was pinged has so long to send anything. */
export const PONG_TIMEOUT_MS: number = 30_000;

/** From our close frame to the end of the connection; then it is cut. */
export const CLOSE_TIMEOUT_MS: number = 30_000;

/**
 * A message for a peer that has left so much unread is not queued: the connection is cut. For who
 * sends on though `send` said false, as a broadcast does.
 */
export const PENDING_BYTES_MAX: number = 16 * 1024 * 1024;

/** Shorter messages are sent as they are: deflate would save next to nothing. */
export const DEFLATE_BYTES_MIN: number = 1024;

/** permessage-deflate. RFC 7692 */
export interface DeflateOptions {
  /**
   * The server compresses each message for itself. With takeover a message may refer to those
   * before, which costs a window of memory and, here, some 75 µs a message. @defaultValue true
   */
  readonly serverNoContextTakeover?: boolean | undefined;
  /** The same for what the client sends. @defaultValue true for a client, false for a server */
  readonly clientNoContextTakeover?: boolean | undefined;
  /** The server's window, 8 to 15: 2^n bytes. @defaultValue 15 */
  readonly serverMaxWindowBits?: number | undefined;
  /** @defaultValue 15 */
  readonly clientMaxWindowBits?: number | undefined;
  /** 1, fastest, to 9, smallest. @defaultValue 6, zlib's own */
  readonly level?: number | undefined;
  /** Shorter messages are not compressed, in bytes. @defaultValue {@link DEFLATE_BYTES_MIN} */
  readonly messageBytesMin?: number | undefined;
}

export interface WebSocketOptions extends FrameLimits {
  /** Milliseconds of silence; Infinity: never. @defaultValue {@link PING_INTERVAL_MS} */
  readonly pingIntervalMs?: number | undefined;
  /** @defaultValue {@link PONG_TIMEOUT_MS} */
  readonly pongTimeoutMs?: number | undefined;
  /** @defaultValue {@link CLOSE_TIMEOUT_MS} */
  readonly closeTimeoutMs?: number | undefined;
  /** Bytes; Infinity: none. @defaultValue {@link PENDING_BYTES_MAX} */
  readonly pendingBytesMax?: number | undefined;
  /** True: with the defaults. @defaultValue false: it costs time for each message */
  readonly permessageDeflate?: boolean | DeflateOptions | undefined;
  /** Subprotocols: those a server has, or those a client asks for, the best first. */
  readonly protocols?: readonly string[] | undefined;
}

/** Options with nothing left open, but for what belongs to the handshake. */
export interface Settings {
  readonly messageBytesMax: number;
  readonly frameBytesMax: number;
  readonly fragmentsMax: number;
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly pendingBytesMax: number;
  readonly protocols: readonly string[];
  /** Undefined: no compression. */
  readonly deflate: DeflateSettings | undefined;
}

export interface DeflateSettings extends DeflateTerms {
  readonly level: number;
  readonly messageBytesMin: number;
}

/** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
export function readSettings(options: WebSocketOptions, isServer: boolean): Settings {
  const pingIntervalMs = checkDelay("pingIntervalMs", options.pingIntervalMs ?? PING_INTERVAL_MS);
  if (pingIntervalMs === 0) throw outOfRange("pingIntervalMs", "more than 0 milliseconds", 0);
  const messageBytesMax = checkLimit("messageBytesMax", options.messageBytesMax, MESSAGE_BYTES_MAX);
  return {
    messageBytesMax,
    frameBytesMax: checkLimit("frameBytesMax", options.frameBytesMax, Infinity),
    fragmentsMax: checkLimit("fragmentsMax", options.fragmentsMax, FRAGMENTS_MAX),
    pingIntervalMs,
    pongTimeoutMs: checkDelay("pongTimeoutMs", options.pongTimeoutMs ?? PONG_TIMEOUT_MS),
    closeTimeoutMs: checkDelay("closeTimeoutMs", options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS),
    pendingBytesMax: checkLimit("pendingBytesMax", options.pendingBytesMax, PENDING_BYTES_MAX),
    protocols: options.protocols ?? [],
    deflate: readDeflate(options.permessageDeflate ?? false, isServer),
  };
}

function readDeflate(
  options: boolean | DeflateOptions,
  isServer: boolean,
): DeflateSettings | undefined {
  if (options === false) return undefined;
  const given = options === true ? {} : options;
  if (typeof given !== "object" || given === null) {
    throw wrongType("permessageDeflate", "a boolean or an object", given);
  }
  const bits = (name: string, value = WINDOW_BITS_MAX): number =>
    checkInteger(name, value, WINDOW_BITS_MIN, WINDOW_BITS_MAX);
  return {
    serverNoContextTakeover: given.serverNoContextTakeover ?? true,
    clientNoContextTakeover: given.clientNoContextTakeover ?? !isServer,
    serverMaxWindowBits: bits("serverMaxWindowBits", given.serverMaxWindowBits),
    clientMaxWindowBits: bits("clientMaxWindowBits", given.clientMaxWindowBits),
    level: checkInteger("level", given.level ?? 6, 1, 9),
    messageBytesMin: checkLimit("messageBytesMin", given.messageBytesMin, DEFLATE_BYTES_MIN, 0),
  };
}

function checkLimit(name: string, value: number | undefined, fallback: number, least = 1): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number") throw wrongType(name, "a number", value);
  if (value === Infinity || (Number.isInteger(value) && value >= least)) return value;
  throw outOfRange(name, `an integer of ${least} or more, or Infinity`, value);
}

function checkInteger(name: string, value: number, least: number, most: number): number {
  if (typeof value !== "number") throw wrongType(name, "a number", value);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw outOfRange(name, `an integer from ${least} to ${most}`, value);
}
