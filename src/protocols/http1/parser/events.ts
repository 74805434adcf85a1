/**
 * What `RequestParser.next` and `ResponseParser.next` answer. Plain numbers: a switch over them
 * costs nothing, and nothing is allocated per event.
 */

/** Nothing whole is left in the queue; call again when there is more. */
export const NEED_DATA = 0;

/** A whole head was taken off the queue; `parser.head` describes it. */
export const HEAD = 1;

/**
 * The next `parser.bodyBytes` bytes at the front of the queue are body. The caller takes `n` of
 * them off the queue, from none to all, and says `parser.consumed(n)`.
 */
export const BODY = 2;

/** The message is complete; `parser.trailers` has what came after a chunked body. */
export const END = 3;
