/**
 * Errno numbers and names, both ways, from `os.constants.errno`: Node 20's own table in util lacks
 * some (EINPROGRESS). Results carry them negative, as libuv does.
 */
import { constants } from "node:os";

const table: Readonly<Record<string, number>> = constants.errno;

// EWOULDBLOCK and EAGAIN are the same number here; the shorter, usual name wins.
const names = new Map(
  Object.entries(table)
    .filter(([name]) => name !== "EWOULDBLOCK" && name !== "EOPNOTSUPP")
    .map(([name, number]) => [-number, name]),
);

/** The name of a negative errno: "ECONNRESET" for -104 on Linux. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `E${-errno}`;
}

/** The negative errno of a name that every supported system has. */
export function errnoOf(name: keyof typeof constants.errno): number {
  return -constants.errno[name];
}

/** `recv`, `send` and `accept4` answer this when they would have to wait. EAGAIN */
export const WOULD_BLOCK: number = errnoOf("EAGAIN");

/** `connect` answers this when the connection is under way. EINPROGRESS */
export const IN_PROGRESS: number = errnoOf("EINPROGRESS");

/** A wait that a signal ended. EINTR */
export const INTERRUPTED: number = errnoOf("EINTR");
