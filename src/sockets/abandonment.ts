/**
 * Says so, once per thread, when a socket was garbage-collected while it was still open. It does
 * not close the descriptor: by then the number may belong to somebody else.
 *
 * Every socket that is opened is watched; of accepted ones, which may be hundreds of thousands a
 * minute, one in ACCEPTED_SAMPLE, for a leak there shows soon enough all the same. Watching costs
 * about 1 µs with its share of garbage collection, making a Socket 0.1 µs, accept4 itself 4 to 5.
 */

/** One accepted socket in so many is watched. */
const ACCEPTED_SAMPLE = 64;

/** What is remembered of a watched socket. It must not refer to the socket, or nothing is collected. */
export interface Watch {
  readonly fd: number;
  isOpen: boolean;
}

let accepted = 0;
let hasWarned = false;

const registry = new FinalizationRegistry<Watch>((watch) => {
  if (!watch.isOpen || hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    `A socket (descriptor ${watch.fd}) was garbage-collected while open, and its descriptor is ` +
      "leaked: close() or detach() every socket (this is said once)",
    { type: "ResourceWarning", code: "SOCKET_REACTOR_ABANDONED" },
  );
});

/** Watches `owner` until `isOpen` of the answer is set to false. */
export function watch(owner: object, fd: number): Watch {
  const state: Watch = { fd, isOpen: true };
  registry.register(owner, state);
  return state;
}

/** As `watch`, for one accepted socket in ACCEPTED_SAMPLE. */
export function watchAccepted(owner: object, fd: number): Watch | undefined {
  return accepted++ % ACCEPTED_SAMPLE === 0 ? watch(owner, fd) : undefined;
}
