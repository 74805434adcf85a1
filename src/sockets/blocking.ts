/**
 * Blocking sockets, for workers. A call into the kernel cannot be interrupted by
 * `worker.terminate()`, JavaScript can: so the kernel is told to wait SLICE_MS at most
 * (SO_RCVTIMEO, SO_SNDTIMEO), and the wait goes on from here.
 */
import { check, type Fd, type Kernel, pollOnce, WOULD_BLOCK } from "../kernel/index.js";

/** The longest wait inside the kernel, hence about the longest that terminating a worker takes. */
export const SLICE_MS = 250;

/** How long a blocking socket waits in all, in milliseconds; 0 is "for ever". */
export interface BlockingLimits {
  receiveMs: number;
  sendMs: number;
}

/**
 * Makes the kernel wait in slices on `fd`.
 *
 * @throws SystemError EINVAL on macOS, where the peer has reset the connection already.
 */
export function startSlices(kernel: Kernel, fd: Fd): void {
  const { SOL_SOCKET, SO_RCVTIMEO, SO_SNDTIMEO } = kernel.constants;
  for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) {
    check("setsockopt", kernel.setsockopt_time(fd, SOL_SOCKET, option, SLICE_MS));
  }
}

/** The first wait towards a limit. */
export function sliceMs(limitMs: number): number {
  return limitMs === 0 ? SLICE_MS : Math.min(limitMs, SLICE_MS);
}

/**
 * Goes on waiting for a call whose first slice has passed: polls, and calls again when ready.
 * poll(2) rather than the call alone, because O_NONBLOCK belongs to the open file and whoever
 * shares it may have set it: the call would then spin.
 *
 * @param limitMs as in BlockingLimits; the first slice counts as waited for.
 * @returns what `call` answered, WOULD_BLOCK if the limit passed.
 */
export function waitAndRepeat(
  kernel: Kernel,
  { fd, bits, limitMs }: { fd: Fd; bits: number; limitMs: number },
  call: () => number,
): number {
  const deadline = limitMs === 0 ? Infinity : kernel.nowMs() + limitMs - sliceMs(limitMs);
  for (;;) {
    const leftMs = deadline - kernel.nowMs();
    if (leftMs <= 0) return WOULD_BLOCK;
    if (!pollOnce(kernel, fd, bits, Math.min(leftMs, SLICE_MS))) continue;
    const result = call();
    if (result !== WOULD_BLOCK) return result;
  }
}
