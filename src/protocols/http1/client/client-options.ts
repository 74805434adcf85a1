/** What a client can be told, its limits with their names and reasons, checked at once. */
import { misuse, outOfRange, wrongType } from "../../../kernel/index.js";
import { checkDelay } from "../../../reactor/index.js";
import { PORT_MAX } from "../../../sockets/index.js";
import { CONNECT_TIMEOUT_MS, type Lookup } from "../../../streams/index.js";
import type { ParserLimits, ResponseHead } from "../parser/index.js";

/** Connections at a time, one for each running request: what one origin bears from one client. */
export const CLIENT_CONNECTIONS_MAX = 32;

/** Requests that wait for a connection: so many that none of them would be answered in time. */
export const CLIENT_WAITING_MAX = 1024;

/** A request was sent, and the peer thinks. */
export const CLIENT_HEAD_TIMEOUT_MS = 60_000;

/** A body that stands still. */
export const CLIENT_BODY_TIMEOUT_MS = 60_000;

/** A peer that takes nothing of a request. */
export const CLIENT_WRITE_TIMEOUT_MS = 60_000;

/**
 * An idle connection is closed after so long: most servers keep one for longer, and who announces
 * less (`Keep-Alive: timeout=5`) is believed.
 */
export const CLIENT_IDLE_TIMEOUT_MS = 15_000;

/** A connection is left before its server closes it, by so much: a request may be on its way. */
export const KEEP_ALIVE_MARGIN_MS = 1000;

/** A body that nobody reads holds a connection of the pool: it was forgotten. */
export const CLIENT_UNREAD_TIMEOUT_MS = 120_000;

/** A server that does not know `Expect` waits for the body, so we do not wait for ever. RFC 9110 §10.1.1 */
export const CONTINUE_TIMEOUT_MS = 1000;

/** What `bytes`, `text` and `json` collect. Larger bodies are for iteration. */
export const RESPONSE_BODY_BYTES_MAX: number = 16 * 1024 * 1024;

export type HttpOrigin =
  | { readonly host: string; readonly port: number }
  /** A unix path, or abstract name. */
  | { readonly path: string };

/** Times in milliseconds, Infinity: none. */
export interface HttpClientOptions {
  /** @defaultValue {@link CLIENT_CONNECTIONS_MAX} */
  readonly connectionsMax?: number | undefined;
  /** @defaultValue {@link CLIENT_WAITING_MAX} */
  readonly waitingMax?: number | undefined;
  /** For the look-up of the name and all its addresses. @defaultValue 30 s */
  readonly connectTimeoutMs?: number | undefined;
  /** From the last byte of the request to the response's head. @defaultValue 60 s */
  readonly headTimeoutMs?: number | undefined;
  /** Between two pieces of a body that is being read. @defaultValue 60 s */
  readonly bodyTimeoutMs?: number | undefined;
  /** Nothing of the request taken by the peer. @defaultValue 60 s */
  readonly writeTimeoutMs?: number | undefined;
  /** From `request` to the end of the body. @defaultValue Infinity: a download may be long */
  readonly totalTimeoutMs?: number | undefined;
  /** @defaultValue {@link CLIENT_IDLE_TIMEOUT_MS} */
  readonly idleTimeoutMs?: number | undefined;
  /** @defaultValue {@link CLIENT_UNREAD_TIMEOUT_MS} */
  readonly unreadTimeoutMs?: number | undefined;
  /** At most `headTimeoutMs`. @defaultValue {@link CONTINUE_TIMEOUT_MS} */
  readonly continueTimeoutMs?: number | undefined;
  /** For `bytes`, `text` and `json`. @defaultValue {@link RESPONSE_BODY_BYTES_MAX} */
  readonly bodyBytesMax?: number | undefined;
  /** Of the response's head, chunks and trailers. */
  readonly limits?: ParserLimits | undefined;
  /** For the origin's name. @defaultValue that of node:dns */
  readonly lookup?: Lookup | undefined;
}

/** The options with nothing left open. */
export interface ClientSettings {
  readonly origin: HttpOrigin;
  /** What the Host field says. */
  readonly host: string;
  readonly connectionsMax: number;
  readonly waitingMax: number;
  readonly connectTimeoutMs: number;
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly totalTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly unreadTimeoutMs: number;
  readonly continueTimeoutMs: number;
  readonly bodyBytesMax: number;
  readonly limits: ParserLimits;
  readonly lookup: Lookup | undefined;
}

/** @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, RangeError ERR_OUT_OF_RANGE */
export function readSettings(origin: HttpOrigin, options: HttpClientOptions): ClientSettings {
  const delay = (name: keyof HttpClientOptions & `${string}Ms`, fallback: number): number =>
    checkDelay(name, options[name] ?? fallback);
  return {
    origin,
    host: hostOf(origin),
    connectionsMax: count("connectionsMax", options.connectionsMax ?? CLIENT_CONNECTIONS_MAX, 1),
    waitingMax: count("waitingMax", options.waitingMax ?? CLIENT_WAITING_MAX, 0),
    connectTimeoutMs: delay("connectTimeoutMs", CONNECT_TIMEOUT_MS),
    headTimeoutMs: delay("headTimeoutMs", CLIENT_HEAD_TIMEOUT_MS),
    bodyTimeoutMs: delay("bodyTimeoutMs", CLIENT_BODY_TIMEOUT_MS),
    writeTimeoutMs: delay("writeTimeoutMs", CLIENT_WRITE_TIMEOUT_MS),
    totalTimeoutMs: delay("totalTimeoutMs", Infinity),
    idleTimeoutMs: delay("idleTimeoutMs", CLIENT_IDLE_TIMEOUT_MS),
    unreadTimeoutMs: delay("unreadTimeoutMs", CLIENT_UNREAD_TIMEOUT_MS),
    continueTimeoutMs: delay("continueTimeoutMs", CONTINUE_TIMEOUT_MS),
    bodyBytesMax: count("bodyBytesMax", options.bodyBytesMax ?? RESPONSE_BODY_BYTES_MAX, 0),
    limits: options.limits ?? {},
    lookup: options.lookup,
  };
}

/** How long a connection may rest after a response with this head: 0 or less, not at all. */
export function idleMsOf(head: ResponseHead | undefined, idleTimeoutMs: number): number {
  const hint = /(?:^|[\s,])timeout=(\d{1,6})/i.exec(head?.get("keep-alive") ?? "");
  if (hint === null) return idleTimeoutMs;
  return Math.min(idleTimeoutMs, Number(hint[1]) * 1000 - KEEP_ALIVE_MARGIN_MS);
}

function count(name: string, value: number, min: number): number {
  if (value === Infinity || (Number.isInteger(value) && value >= min)) return value;
  throw outOfRange(name, `an integer of ${min} or more, or Infinity`, value);
}

/** A host as it may stand in a Host field: RFC 3986 §3.2.2, without the odd ones. */
const NAME = /^[A-Za-z0-9._~-]+$/;
const IPV6 = /^[0-9A-Fa-f:.]+$/;

function hostOf(origin: HttpOrigin): string {
  if (typeof origin !== "object" || origin === null) {
    throw wrongType("origin", "an object with host and port, or with a path", origin);
  }
  if ("path" in origin) {
    if (typeof origin.path === "string") return "localhost";
    throw wrongType("origin.path", "a string", origin.path);
  }
  const { host, port } = origin;
  if (typeof host !== "string") throw wrongType("origin.host", "a string", host);
  if (typeof port !== "number") throw wrongType("origin.port", "a number", port);
  if (!(Number.isInteger(port) && port >= 1 && port <= PORT_MAX)) {
    throw outOfRange("origin.port", `an integer from 1 to ${PORT_MAX}`, port);
  }
  const isIpv6 = host.includes(":");
  if (!(isIpv6 ? IPV6 : NAME).test(host)) {
    const message = `The "origin.host" argument must be a name or an address: ${JSON.stringify(host)}`;
    throw misuse(TypeError, "ERR_INVALID_ARG_VALUE", message);
  }
  const name = isIpv6 ? `[${host}]` : host;
  return port === 80 ? name : `${name}:${port}`;
}
