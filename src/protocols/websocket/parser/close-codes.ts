/** The codes of close frames: which may be on the wire, and what the others tell. RFC 6455 §7.4 */

/** The purpose of the connection is fulfilled. */
export const CLOSE_NORMAL = 1000;
/** An endpoint goes away: a server that stops, a page that is left. */
export const CLOSE_GOING_AWAY = 1001;
export const CLOSE_PROTOCOL_ERROR = 1002;
/** Told only: the peer's close frame had no code. */
export const CLOSE_NO_STATUS = 1005;
/** Told only: the connection was lost without a close frame. */
export const CLOSE_ABNORMAL = 1006;
export const CLOSE_INVALID_DATA = 1007;
export const CLOSE_TOO_BIG = 1009;
/** Something of ours failed. */
export const CLOSE_INTERNAL_ERROR = 1011;

/** Bytes of a close frame's reason: a control frame's 125 without the code. */
export const REASON_BYTES_MAX = 123;

/**
 * Whether a code may stand in a close frame: those of RFC 6455 §7.4.1 and of IANA's registry (1012
 * to 1014), libraries' (3000 to 3999) and applications' (4000 to 4999). 1004 to 1006 and 1015 are
 * reserved and may not.
 */
export function isCloseCode(code: number): boolean {
  if (code < 1000 || code > 4999 || !Number.isInteger(code)) return false;
  if (code >= 3000) return true;
  return code <= 1003 || (code >= 1007 && code <= 1014);
}
