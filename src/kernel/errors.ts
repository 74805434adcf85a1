/**
 * The two kinds of error that leave this library: SystemError, when the system refused a call, and
 * misuse (TypeError, RangeError, Error) with Node's `ERR_` codes. "Would block", "end of stream"
 * and "interrupted" are no errors but values.
 */
import { getSystemErrorMap } from "node:util";
import { errnoName } from "./errno.js";

/** Where a failed call was going to. */
export interface ErrorPlace {
  readonly address?: string;
  readonly port?: number;
  readonly path?: string;
}

/**
 * A system call failed: the shape of Node's own system errors.
 *
 * @example
 * ```ts
 * import { Socket, SystemError } from "socket-reactor";
 * try {
 *   Socket.listenTcp({ host: "127.0.0.1", port: 80 }).close();
 * } catch (error) {
 *   if (error instanceof SystemError && error.code === "EACCES") console.error("not allowed");
 * }
 * ```
 */
export class SystemError extends Error {
  /** The errno name: "ECONNRESET". */
  readonly code: string;
  /** The errno, negative as in libuv: -104. */
  readonly errno: number;
  /** The call that failed: "recv". */
  readonly syscall: string;
  // Only declared: as fields they would be there, undefined, on every error.
  declare readonly address?: string;
  declare readonly port?: number;
  declare readonly path?: string;

  constructor(syscall: string, errno: number, place: ErrorPlace = {}) {
    const code = errnoName(errno);
    const description = getSystemErrorMap().get(errno)?.[1];
    const where = place.path ?? formatPlace(place);
    super(
      `${syscall} ${code}${description === undefined ? "" : `: ${description}`}${where === "" ? "" : ` ${where}`}`,
    );
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    if (place.address !== undefined) this.address = place.address;
    if (place.port !== undefined) this.port = place.port;
    if (place.path !== undefined) this.path = place.path;
  }
}

function formatPlace({ address, port }: ErrorPlace): string {
  if (address === undefined) return "";
  if (port === undefined) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The result of a call if it is one, else throws what it says. */
export function check(syscall: string, result: number, place?: ErrorPlace): number {
  if (result < 0) throw new SystemError(syscall, result, place);
  return result;
}

type ErrorClass = new (message: string) => Error;

/** An error of misuse, with its code. */
export function misuse(Class: ErrorClass, code: string, message: string): Error & { code: string } {
  return Object.assign(new Class(message), { code });
}

/** ERR_INVALID_ARG_TYPE: names the argument, what it must be, and what it is. */
export function wrongType(name: string, wanted: string, found: unknown): Error {
  return misuse(
    TypeError,
    "ERR_INVALID_ARG_TYPE",
    `The "${name}" argument must be ${wanted}: ${describe(found)}`,
  );
}

/** ERR_OUT_OF_RANGE: names the argument, what is allowed, and what it is. */
export function outOfRange(name: string, allowed: string, found: unknown): Error {
  return misuse(
    RangeError,
    "ERR_OUT_OF_RANGE",
    `The "${name}" argument must be ${allowed}: ${describe(found)}`,
  );
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) {
    const name = value.constructor?.name;
    return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an object";
  }
  return typeof value === "function" ? "a function" : String(value);
}
