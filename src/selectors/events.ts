/** The bits of interest and readiness, and what the kernel said besides. */

/** Ready to be read: data, a connection to accept, end of stream, or an error. */
export const EVENT_READ = 1;

/** Ready to be written: room in the send buffer, connect finished, or an error. */
export const EVENT_WRITE = 2;

/** EVENT_READ, EVENT_WRITE or both. */
export type EventMask = 1 | 2 | 3;

/** Both directions are shut down, or nobody is at the other end. EPOLLHUP, POLLHUP */
export const FLAG_HANGUP = 1;

/** An error is pending: `socket.getError()` tells which. EPOLLERR, POLLERR, POLLNVAL, EV_ERROR */
export const FLAG_ERROR = 2;

/** The peer will send no more; what it sent may still be waiting. EPOLLRDHUP, POLLRDHUP, EV_EOF */
export const FLAG_READ_CLOSED = 4;

/** Where the FLAG_ bits begin in a number that holds EVENT_ bits as well. For backends. */
export const FLAGS_SHIFT = 2;

/**
 * How long a registration reports: "level" as long as it is ready, "edge" once each time it becomes
 * ready (read until WOULD_BLOCK), "oneshot" once, until `modify` arms it again.
 */
export type Mode = "level" | "edge" | "oneshot";
