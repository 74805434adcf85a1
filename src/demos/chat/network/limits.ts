/**
 * Whatever a person or a peer may make grow, and how far. What a user types beyond a length is cut,
 * what goes beyond a number is refused with the numeric that IRC has for it.
 *
 * Lengths of names are in characters, with a second limit in bytes of UTF-8, because the longest
 * name has to fit into a line of 512 bytes beside what is said about it; all others are in bytes.
 */

/** The longest line without CR LF and without tags (RFC 1459 §2.3: 512 with them). */
export const LINE_BYTES_MAX: number = 510;

/** People on this server. Each costs about 2 KiB beside its connection. */
export const USERS_MAX: number = 10_000;
/** With full histories they hold ROOMS_MAX × HISTORY_BYTES_MAX: 64 MiB, or 128 in other letters. */
export const ROOMS_MAX: number = 2_000;
/** More than anybody reads; a client that joins whatever it finds in LIST stops here. */
export const ROOMS_PER_USER_MAX: number = 50;
/** Of one PRIVMSG, NOTICE, KICK, NAMES, LIST or WHOIS: one line must not become a flood. */
export const TARGETS_MAX: number = 4;
/** Changes with an argument in one MODE. */
export const MODES_MAX: number = 4;
/** Masks of b, e and I together that one server sets in a room: whoever comes is held to all. */
export const MASKS_MAX: number = 100;
/** Invitations that one user holds; the oldest gives way. */
export const INVITES_MAX: number = 20;
/** Those who left and can be asked for with WHOWAS. */
export const WHOWAS_MAX: number = 200;
/** Wrong passwords of OPER on one connection: more is guessing. */
export const OPER_FAILURES_MAX: number = 3;
/**
 * Lines that LIST, WHO or the histories after one JOIN have at most: what is answered to one line has
 * to fit into the queue of output (SENDQ_BYTES_MAX), and a client that comes back joins all its rooms
 * with one line.
 */
export const REPLY_LINES_MAX: number = 1_000;

/** Of each room, for those who ask for it with their capabilities. */
export const HISTORY_LINES: number = 100;
/** Of text, senders and names in one room's history, in characters. */
export const HISTORY_BYTES_MAX: number = 32 * 1024;

export const NICK_LENGTH: number = 30;
export const NICK_BYTES_MAX: number = 60;
export const ROOM_NAME_LENGTH: number = 50;
export const ROOM_NAME_BYTES_MAX: number = 100;
/** With the "~" in front that says that nobody has vouched for it. */
export const USERNAME_LENGTH: number = 13;
export const HOST_LENGTH: number = 63;
export const SERVER_NAME_LENGTH: number = 63;
export const REALNAME_LENGTH: number = 100;
export const TOPIC_LENGTH: number = 390;
/** Of away messages and of reasons to part, quit, kick or kill. */
export const REASON_LENGTH: number = 200;
export const KEY_LENGTH: number = 32;
/** MODES_MAX of them fit into a line beside the longest names, or nearly so. */
export const MASK_LENGTH: number = 100;

/** Those that an application may set. */
export interface Limits {
  readonly usersMax: number;
  readonly roomsMax: number;
  readonly roomsPerUserMax: number;
  readonly targetsMax: number;
  readonly masksMax: number;
  readonly replyLinesMax: number;
  readonly whowasMax: number;
  readonly historyBytesMax: number;
}

export const LIMITS: Limits = {
  usersMax: USERS_MAX,
  roomsMax: ROOMS_MAX,
  roomsPerUserMax: ROOMS_PER_USER_MAX,
  targetsMax: TARGETS_MAX,
  masksMax: MASKS_MAX,
  replyLinesMax: REPLY_LINES_MAX,
  whowasMax: WHOWAS_MAX,
  historyBytesMax: HISTORY_BYTES_MAX,
};
