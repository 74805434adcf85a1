/**
 * poll(2) of one descriptor: what blocking sockets wait with (sockets/blocking.ts), and how a
 * selector looks at its kernel queue without waiting (selectors/base-selector.ts). An O(1) use of a
 * call that is O(n) for sets; nothing is allocated.
 */
import { INTERRUPTED } from "./errno.js";
import { check } from "./errors.js";
import { EVENT_INTS, INTEREST_INTS, type Kernel } from "./kernel.js";

// Shared by all callers: the call has read and filled them before anything else can run.
const interests = new Int32Array(INTEREST_INTS);
const events = new Int32Array(EVENT_INTS);

/**
 * Waits until the descriptor is ready or broken.
 *
 * @param bits of `kernel.constants`: POLLIN, POLLOUT.
 * @param timeoutMs in milliseconds, fractions too; 0 looks without waiting, negative waits for ever.
 * @returns true if it is ready or broken; false if the time passed or a signal ended the wait.
 * @throws SystemError (syscall "poll") for what else the kernel refuses: ENOMEM.
 */
export function pollOnce(kernel: Kernel, fd: number, bits: number, timeoutMs: number): boolean {
  interests[0] = fd;
  interests[1] = bits;
  const n = kernel.poll(interests, 1, events, timeoutMs);
  return n === INTERRUPTED ? false : check("poll", n) > 0;
}
