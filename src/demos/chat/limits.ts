/**
 * What the chat server allows a connection, each limit with its name and its reason; those of the
 * network (users, rooms, lengths of names) are network/'s. Everything a peer controls is here or
 * there.
 */

/** Open at a time, by whatever way: some 3 KB each, and a look at all of them at each sweep. */
export const CONNECTIONS_MAX: number = 10_000;

/**
 * Of one address: a whole school behind one router, and yet not enough to fill the server. Loopback
 * has no such limit, for who comes from there has this machine already, or is a proxy.
 */
export const CONNECTIONS_PER_ADDRESS_MAX: number = 100;

/** From the connection to NICK and USER: a person with nc types them by hand. */
export const REGISTRATION_MS: number = 60_000;

/** Silence after which a peer is asked if it is there: below the minute after which proxies cut. */
export const PING_AFTER_MS: number = 45_000;

/** For the answer; together with the silence before it two minutes, as on other networks. */
export const PONG_WITHIN_MS: number = 75_000;

/** Lines that may come at once: a client that joins its rooms, or a person who pastes. */
export const FLOOD_BURST_LINES: number = 20;

/** Lines a second for who goes on: faster than anyone types. The rest waits at the peer. */
export const FLOOD_LINES_PER_SECOND: number = 2;

/** Unread input of a connection, while it floods; then TCP makes the peer wait. */
export const UNREAD_BYTES_MAX: number = 16 * 1024;

/**
 * Output that a peer has left unread, above what the kernel holds: ten thousand lines, an hour of
 * a busy room or a list of all rooms. Who is slower than that is dropped, so that all others need not wait.
 */
export const SENDQ_BYTES_MAX: number = 1024 * 1024;

/**
 * A message of a browser: longer than a line, so that one which is too long is answered rather than
 * ends the connection.
 */
export const WEB_MESSAGE_BYTES_MAX: number = 8192;

/** After our last word a peer has so long to read it and to close its side; then it is cut. */
export const CLOSE_MS: number = 2000;

/** For everybody's last words when the server ends. */
export const DRAIN_MS: number = 3000;

/** Times in milliseconds, sizes in bytes; the defaults are the constants of these names. */
export interface ChatLimits {
  readonly connectionsMax: number;
  /** Undefined: the default, and none for loopback. A number counts for loopback, too. */
  readonly connectionsPerAddressMax: number | undefined;
  readonly registrationMs: number;
  readonly pingAfterMs: number;
  readonly pongWithinMs: number;
  readonly floodBurstLines: number;
  readonly floodLinesPerSecond: number;
  readonly sendQBytesMax: number;
  readonly closeMs: number;
}

export const DEFAULT_LIMITS: ChatLimits = {
  connectionsMax: CONNECTIONS_MAX,
  connectionsPerAddressMax: undefined,
  registrationMs: REGISTRATION_MS,
  pingAfterMs: PING_AFTER_MS,
  pongWithinMs: PONG_WITHIN_MS,
  floodBurstLines: FLOOD_BURST_LINES,
  floodLinesPerSecond: FLOOD_LINES_PER_SECOND,
  sendQBytesMax: SENDQ_BYTES_MAX,
  closeMs: CLOSE_MS,
};
