/** Where to connect to, and how: checked at once. */
import type { LookupAddress } from "node:dns";
import { outOfRange, wrongType } from "../kernel/index.js";
import { PORT_MAX } from "../sockets/index.js";
import type { StreamOptions } from "./stream-options.js";

/** Time for all attempts together, name look-up included. */
export const CONNECT_TIMEOUT_MS: number = 30_000;

/** The next address is tried after so long, while the one before is still under way. RFC 8305 §5 */
export const ATTEMPT_DELAY_MS: number = 250;

/** Addresses of one name that are tried. */
export const ADDRESSES_MAX: number = 16;

/** Finds the addresses of a name, as `dns.promises.lookup` with `{ all: true }` does. */
export type Lookup = (host: string) => Promise<readonly LookupAddress[]>;

export interface ConnectOptions {
  /** A name, or a numeric address. @defaultValue "localhost", unless there is a `path` */
  readonly host?: string | undefined;
  /** 1 to 65535. */
  readonly port?: number | undefined;
  /** A unix path or abstract name, in place of host and port. */
  readonly path?: string | undefined;
  /** Milliseconds; Infinity: as long as the system tries. @defaultValue {@link CONNECT_TIMEOUT_MS} */
  readonly timeoutMs?: number | undefined;
  /** @defaultValue {@link ATTEMPT_DELAY_MS} */
  readonly attemptDelayMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** @defaultValue that of node:dns */
  readonly lookup?: Lookup | undefined;
  /** TCP_NODELAY. @defaultValue true */
  readonly noDelay?: boolean | undefined;
  /** For the stream it makes. */
  readonly stream?: StreamOptions | undefined;
}

/** A target with nothing left open. */
export type Target = { readonly path: string } | { readonly host: string; readonly port: number };

/** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
export function targetOf({ host = "localhost", port, path }: ConnectOptions): Target {
  if (path !== undefined) {
    if (typeof path !== "string") throw wrongType("path", "a string", path);
    return { path };
  }
  if (typeof host !== "string") throw wrongType("host", "a string", host);
  if (typeof port !== "number") throw wrongType("port", "a number", port);
  if (!(Number.isInteger(port) && port >= 1 && port <= PORT_MAX)) {
    throw outOfRange("port", `an integer from 1 to ${PORT_MAX}`, port);
  }
  return { host, port };
}
