/**
 * Where the backends differ, as data: the suite runs the same tests over each, and looks up here
 * what the kernel is to answer. `null` means that the systems of one backend disagree, or that
 * nobody has measured it.
 */
import {
  type Backend,
  FLAG_ERROR,
  FLAG_HANGUP,
  FLAG_READ_CLOSED,
  type Mode,
} from "../../src/index.js";
import { CANNOT_BE_POLLED, SHOWN } from "./kqueue-deviations.js";

export interface Facts {
  readonly waitCall: "epoll_wait" | "kevent" | "poll" | "select";
  readonly modes: readonly Mode[];
  readonly attachable: boolean;
  readonly hasQueue: boolean;
  readonly regularFiles: boolean;
  /** True if an addition reaches the kernel in `register`; else it sees interest only in a wait. */
  readonly hasRegistry: boolean;
  /** What a wait says of a plain descriptor that was closed while it was registered. */
  readonly closedDescriptor: "silent" | "ready" | "EBADF";
  /** Whether the events of a closed descriptor go on while a dup of it is open. */
  readonly reportsGhosts: boolean;
  /** Whether the read end of a pipe is "writable" once the writer is gone. */
  readonly hangupIsWritable: boolean | null;
  readonly flags: Readonly<Record<Situation, number | null>>;
}

/** What happened at the other end, seen with interest in both directions. */
export type Situation =
  | "peer closed its unix socket"
  | "peer sent FIN and still reads"
  | "peer reset the connection"
  | "connection refused"
  | "last writer of a pipe is gone"
  | "last reader of a pipe is gone";

const POLL_FLAGS: Facts["flags"] = {
  "peer closed its unix socket": FLAG_HANGUP | FLAG_READ_CLOSED,
  "peer sent FIN and still reads": FLAG_READ_CLOSED,
  "peer reset the connection": FLAG_HANGUP | FLAG_ERROR | FLAG_READ_CLOSED,
  "connection refused": FLAG_HANGUP | FLAG_ERROR | FLAG_READ_CLOSED,
  "last writer of a pipe is gone": FLAG_HANGUP,
  "last reader of a pipe is gone": FLAG_ERROR,
};

/** select(2) says readable or writable, and nothing else. */
const NO_FLAGS: Facts["flags"] = {
  "peer closed its unix socket": 0,
  "peer sent FIN and still reads": 0,
  "peer reset the connection": 0,
  "connection refused": 0,
  "last writer of a pipe is gone": 0,
  "last reader of a pipe is gone": 0,
};

/** A filter's EV_EOF; the error stands in fflags on sockets, on most systems. */
const KQUEUE_FLAGS: Facts["flags"] = {
  "peer closed its unix socket": FLAG_READ_CLOSED,
  "peer sent FIN and still reads": FLAG_READ_CLOSED,
  "peer reset the connection": null,
  "connection refused": null,
  "last writer of a pipe is gone": FLAG_READ_CLOSED,
  "last reader of a pipe is gone": null,
};

const isLinux = process.platform === "linux";

export const FACTS: Readonly<Record<Backend, Facts>> = {
  epoll: {
    waitCall: "epoll_wait",
    modes: ["level", "edge", "oneshot"],
    attachable: true,
    hasQueue: true,
    regularFiles: false,
    hasRegistry: true,
    closedDescriptor: "silent",
    reportsGhosts: true,
    hangupIsWritable: true,
    flags: POLL_FLAGS,
  },
  kqueue: {
    waitCall: "kevent",
    modes: ["level", "edge", "oneshot"],
    attachable: !SHOWN.includes(CANNOT_BE_POLLED),
    hasQueue: true,
    regularFiles: true,
    hasRegistry: true,
    closedDescriptor: "silent",
    reportsGhosts: false,
    hangupIsWritable: null,
    flags: KQUEUE_FLAGS,
  },
  poll: {
    waitCall: "poll",
    modes: ["level"],
    attachable: false,
    hasQueue: false,
    regularFiles: true,
    hasRegistry: false,
    closedDescriptor: "ready",
    reportsGhosts: false,
    hangupIsWritable: isLinux ? true : null,
    flags: isLinux ? POLL_FLAGS : { ...POLL_FLAGS, "peer sent FIN and still reads": null },
  },
  select: {
    waitCall: "select",
    modes: ["level"],
    attachable: false,
    hasQueue: false,
    regularFiles: true,
    hasRegistry: false,
    closedDescriptor: "EBADF",
    reportsGhosts: false,
    hangupIsWritable: isLinux ? false : null,
    flags: NO_FLAGS,
  },
};
