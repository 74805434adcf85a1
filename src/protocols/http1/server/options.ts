/** What a server can be told, read once: checked, and with nothing left open. limits.ts has why. */
import { outOfRange, wrongType } from "../../../kernel/index.js";
import { CONNECTIONS_MAX } from "../../../streams/index.js";
import { isToken } from "../field-syntax.js";
import { FIELDS_MAX, HEAD_BYTES_MAX, TARGET_BYTES_MAX } from "../parser/index.js";
import {
  BODY_TIMEOUT_MS,
  DRAIN_MS,
  HEAD_TIMEOUT_MS,
  HTTP_LINGER_MS,
  IDLE_TIMEOUT_MS,
  PIPELINED_MAX,
  REQUEST_TIMEOUT_MS,
  SERVER_BODY_BYTES_MAX,
  WRITE_TIMEOUT_MS,
} from "./limits.js";
import type { HttpRequest } from "./request.js";
import { checkValue } from "./response-head.js";

/**
 * The methods of RFC 9110 §9, and PATCH (RFC 5789). Not CONNECT and TRACE, which get 405: there is
 * no tunnel, and no reason to send back what a proxy added.
 */
export const METHODS: readonly string[] = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "OPTIONS",
  "PATCH",
];

/** Times in milliseconds, Infinity: none. Sizes in bytes. */
export interface HttpServerOptions {
  /** Open at a time, upgraded ones included. @defaultValue CONNECTIONS_MAX */
  readonly connectionsMax?: number | undefined;
  /**
   * What becomes of connections above `connectionsMax`: they "wait" in the kernel's queue until
   * another closes, or are "refuse"d with 503. @defaultValue "wait"
   */
  readonly overload?: "wait" | "refuse" | undefined;
  /** For a head to come, from its first byte. @defaultValue {@link HEAD_TIMEOUT_MS} */
  readonly headTimeoutMs?: number | undefined;
  /** For a body that stands still. @defaultValue {@link BODY_TIMEOUT_MS} */
  readonly bodyTimeoutMs?: number | undefined;
  /** For a connection between two requests. @defaultValue {@link IDLE_TIMEOUT_MS} */
  readonly idleTimeoutMs?: number | undefined;
  /** For a peer that does not take its answer. @defaultValue {@link WRITE_TIMEOUT_MS} */
  readonly writeTimeoutMs?: number | undefined;
  /** For a request to come whole. @defaultValue {@link REQUEST_TIMEOUT_MS} */
  readonly requestTimeoutMs?: number | undefined;
  /** @defaultValue the parser's, 8 KiB */
  readonly targetBytesMax?: number | undefined;
  /** @defaultValue the parser's, 16 KiB */
  readonly headBytesMax?: number | undefined;
  /** @defaultValue the parser's, 100 */
  readonly fieldsMax?: number | undefined;
  /** @defaultValue {@link SERVER_BODY_BYTES_MAX} */
  readonly bodyBytesMax?: number | undefined;
  /** Requests of one connection that wait for their answers. @defaultValue {@link PIPELINED_MAX} */
  readonly pipelinedMax?: number | undefined;
  /** After the last answer the peer has so long to close. @defaultValue {@link HTTP_LINGER_MS} */
  readonly lingerMs?: number | undefined;
  /** The default of `drain`. @defaultValue {@link DRAIN_MS} */
  readonly drainMs?: number | undefined;
  /** Known methods; any other gets 501. @defaultValue {@link METHODS} */
  readonly methods?: readonly string[] | undefined;
  /** Value of a Server field. @defaultValue none is sent */
  readonly serverName?: string | undefined;
  /**
   * Hears what handlers throw, with their request, and why the listener pauses or ends; default:
   * the reactor hears it.
   */
  readonly onError?: ((error: unknown, request: HttpRequest | undefined) => void) | undefined;
}

type Defaulted =
  | "connectionsMax"
  | "overload"
  | "headTimeoutMs"
  | "bodyTimeoutMs"
  | "idleTimeoutMs"
  | "writeTimeoutMs"
  | "requestTimeoutMs"
  | "targetBytesMax"
  | "headBytesMax"
  | "fieldsMax"
  | "bodyBytesMax"
  | "pipelinedMax"
  | "lingerMs"
  | "drainMs"
  | "serverName";

export type Settings = Omit<HttpServerOptions, Defaulted | "methods"> & {
  readonly [Name in Defaulted]: NonNullable<HttpServerOptions[Name]>;
} & { readonly methods: ReadonlySet<string> };

/** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE, naming the option. */
export function readOptions(options: HttpServerOptions): Settings {
  const { onError, overload = "wait", serverName = "" } = options;
  if (onError !== undefined && typeof onError !== "function") {
    throw wrongType("onError", "a function", onError);
  }
  if (overload !== "wait" && overload !== "refuse") {
    throw outOfRange("overload", '"wait" or "refuse"', overload);
  }
  if (!checkValue("serverName", serverName)) {
    throw outOfRange("serverName", "ASCII", serverName); // it is part of texts, sent as UTF-8
  }
  return {
    connectionsMax: count("connectionsMax", options.connectionsMax, CONNECTIONS_MAX, 1),
    overload,
    headTimeoutMs: time("headTimeoutMs", options.headTimeoutMs, HEAD_TIMEOUT_MS),
    bodyTimeoutMs: time("bodyTimeoutMs", options.bodyTimeoutMs, BODY_TIMEOUT_MS),
    idleTimeoutMs: time("idleTimeoutMs", options.idleTimeoutMs, IDLE_TIMEOUT_MS),
    writeTimeoutMs: time("writeTimeoutMs", options.writeTimeoutMs, WRITE_TIMEOUT_MS),
    requestTimeoutMs: time("requestTimeoutMs", options.requestTimeoutMs, REQUEST_TIMEOUT_MS),
    targetBytesMax: count("targetBytesMax", options.targetBytesMax, TARGET_BYTES_MAX, 1),
    headBytesMax: count("headBytesMax", options.headBytesMax, HEAD_BYTES_MAX, 1),
    fieldsMax: count("fieldsMax", options.fieldsMax, FIELDS_MAX, 0),
    bodyBytesMax: count("bodyBytesMax", options.bodyBytesMax, SERVER_BODY_BYTES_MAX, 0),
    pipelinedMax: count("pipelinedMax", options.pipelinedMax, PIPELINED_MAX, 1),
    lingerMs: time("lingerMs", options.lingerMs, HTTP_LINGER_MS),
    drainMs: time("drainMs", options.drainMs, DRAIN_MS),
    methods: methodsOf(options.methods ?? METHODS),
    serverName,
    onError,
  };
}

function methodsOf(methods: readonly string[]): ReadonlySet<string> {
  if (!Array.isArray(methods)) throw wrongType("methods", "an array of strings", methods);
  for (const method of methods) {
    if (typeof method === "string" && isToken(method)) continue;
    throw outOfRange("methods", "tokens", method);
  }
  return new Set(methods);
}

function time(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number") throw wrongType(name, "a number of milliseconds", value);
  if (!(value > 0)) throw outOfRange(name, "more than 0 milliseconds", value);
  return value;
}

function count(name: string, value: number | undefined, fallback: number, least: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number") throw wrongType(name, "a number", value);
  if (value === Infinity || (Number.isSafeInteger(value) && value >= least)) return value;
  throw outOfRange(name, `an integer of ${least} or more, or Infinity`, value);
}
