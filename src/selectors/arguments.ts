/** Checks of what callers pass to a selector. */
import { type Fd, misuse, outOfRange, toFd, wrongType } from "../kernel/index.js";
import { EVENT_READ, EVENT_WRITE, type EventMask, type Mode } from "./events.js";
import type { Capabilities, FileObject } from "./selector.js";

/** @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE */
export function checkEvents(events: number): EventMask {
  if (typeof events !== "number") throw wrongType("events", "a number", events);
  if (events === EVENT_READ || events === EVENT_WRITE || events === (EVENT_READ | EVENT_WRITE)) {
    return events as EventMask;
  }
  throw outOfRange("events", "EVENT_READ, EVENT_WRITE or both", events);
}

/** @throws Error ERR_NOT_SUPPORTED for a mode that the backend lacks. */
export function checkMode(mode: Mode | undefined, { backend, modes }: Capabilities): Mode {
  if (mode === undefined) return "level";
  if (modes.has(mode)) return mode;
  const allowed = [...modes].map((name) => `"${name}"`).join(", ");
  throw misuse(
    Error,
    "ERR_NOT_SUPPORTED",
    `The ${backend} backend registers ${allowed}: "${String(mode)}"`,
  );
}

/**
 * The descriptor of what a caller passed.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE if it is none and has none.
 * @throws RangeError ERR_OUT_OF_RANGE if it is negative (closed) or above `maxFd`.
 */
export function descriptorOf(fileobj: FileObject, maxFd: number = 0x7fffffff): Fd {
  const fd = typeof fileobj === "number" ? fileobj : filenoOf(fileobj);
  if (Number.isInteger(fd) && fd >= 0 && fd <= maxFd) return toFd(fd);
  if (fd === -1 && typeof fileobj === "object") {
    throw outOfRange("fileobj", "open: it has no descriptor any more", fd);
  }
  throw outOfRange("fileobj", `a descriptor from 0 to ${maxFd}`, fd);
}

function filenoOf(fileobj: FileObject): number {
  if (typeof fileobj === "object" && fileobj !== null && typeof fileobj.fileno === "function") {
    const fd: unknown = fileobj.fileno();
    if (typeof fd === "number") return fd;
  }
  throw wrongType("fileobj", "a descriptor or an object with fileno()", fileobj);
}
