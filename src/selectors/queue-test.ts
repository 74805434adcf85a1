/**
 * Whether a kqueue can itself be waited for. kqueue(2) promises it: a queue may be polled, and
 * watched by another queue. A library that plays kqueue over another kernel has only some descriptor
 * to hand out, and libkqueue's never becomes readable; a selector that slept on it would sleep for
 * ever. So kqueue-selector.ts asks once per process, by doing it, and believes no name.
 */
import { type Kernel, pollOnce, systemKernel } from "../kernel/index.js";

const NO_EVENTS = new Int32Array(0);
/** By the call that made the queue, which the kernels of most tests share. */
const answers = new WeakMap<Kernel["kqueue"], boolean>();

/**
 * Registers a pipe that is writable, and looks whether the queue becomes readable.
 *
 * @param kq an empty queue; it is empty again afterwards.
 * @returns true also if the question could not be put: no descriptor was left for the pipe.
 * @throws SystemError (syscall "poll") ENOMEM.
 */
export function isPollable(kernel: Kernel, kq: number): boolean {
  const known = answers.get(kernel.kqueue);
  if (known !== undefined) return known;
  const answer = ask(kernel, kq);
  if (answer !== undefined) answers.set(kernel.kqueue, answer);
  return answer ?? true;
}

function ask(kernel: Kernel, kq: number): boolean | undefined {
  const ends = new Int32Array(2);
  // The system's calls: a test's kernel may count or fail those of its selector.
  if (systemKernel.pipe2(false, ends) < 0) return undefined;
  const [reader, writer] = ends as unknown as [number, number];
  const { EVFILT_WRITE = 0, EV_ADD = 0, EV_DELETE = 0, POLLIN } = kernel.constants;
  const submit = (flags: number) =>
    systemKernel.kevent(kq, Int32Array.of(writer, EVFILT_WRITE, flags, 0, 0), 1, NO_EVENTS, 0);
  try {
    if (submit(EV_ADD) < 0) return undefined;
    const isReadable = pollOnce(kernel, kq, POLLIN, 0);
    submit(EV_DELETE);
    return isReadable;
  } finally {
    systemKernel.close(writer);
    systemKernel.close(reader);
  }
}
