/**
 * The system's kernel, which refuses at random: with errors that the man pages name, of calls that a
 * server makes again and again. The same seed refuses the same calls in the same order.
 *
 * recv_each and send_each are made of recv and send here, so that each of their moves may fail.
 */
import {
  type Kernel,
  MOVE_ALIGNMENT,
  MOVE_FD,
  MOVE_INTS,
  MOVE_LENGTH,
  MOVE_OFFSET,
  MOVE_RESULT,
  systemKernel,
  WOULD_BLOCK,
} from "../../src/index.js";
import {
  type AnyFault,
  type Call,
  type CallName,
  type FaultKernel,
  faultKernel,
} from "../support/fault-kernel.js";

export interface RefusingKernel {
  readonly kernel: Kernel;
  begin(): void;
  /** Refuses nothing any more. */
  end(): Refusals;
}

export interface Refusals {
  /** Calls that it has refused. */
  readonly refused: number;
  /** Those of them that end a connection. */
  readonly fatal: number;
}

/** Of these calls whatever is not "would block" ends the connection. */
const FATAL: readonly CallName[] = [
  "recv",
  "send",
  "sendmsg",
  "shutdown",
  "epoll_ctl",
  "setsockopt_int",
];

export function refusingKernel(seed: number): RefusingKernel {
  let isRefusing = false;
  const random = randomOf(seed);
  const oneIn = (count: number) => (): boolean => isRefusing && random() < 1 / count;
  const base: Kernel = Object.assign(Object.create(systemKernel), {
    recv_each: (...args: Parameters<Kernel["recv_each"]>) => receiveEach(faulty.kernel, ...args),
    send_each: (...args: Parameters<Kernel["send_each"]>) => sendEach(faulty.kernel, ...args),
  });
  const faulty: FaultKernel = faultKernel(base, faults(oneIn));
  return {
    kernel: faulty.kernel,
    begin: () => {
      isRefusing = true;
    },
    end: () => {
      isRefusing = false;
      const faults = faulty.log.filter(({ isFault }) => isFault);
      const isFatal = ({ name, result }: Call): boolean =>
        FATAL.includes(name) && result !== WOULD_BLOCK;
      return { refused: faults.length, fatal: faults.filter(isFatal).length };
    },
  };
}

function faults(oneIn: (count: number) => () => boolean): AnyFault[] {
  const change = oneIn(10);
  // A removal cannot fail for want of memory.
  const isChange = (operation: number): boolean =>
    operation !== systemKernel.constants.EPOLL_CTL_DEL;
  return [
    { call: "accept4", errno: "EMFILE", when: oneIn(40) },
    { call: "accept4", errno: "ENOBUFS", when: oneIn(40) },
    { call: "accept4", errno: "ECONNABORTED", when: oneIn(10) },
    { call: "setsockopt_int", errno: "EINVAL", when: oneIn(20) },
    { call: "tcp_info", errno: "ENOBUFS", when: oneIn(10) },
    { call: "getpeername", errno: "ENOTCONN", when: oneIn(10) },
    { call: "epoll_ctl", errno: "ENOMEM", when: (_, operation) => isChange(operation) && change() },
    { call: "recv", errno: "ECONNRESET", when: oneIn(150) },
    { call: "recv", errno: "ETIMEDOUT", when: oneIn(150) },
    { call: "recv", errno: "EAGAIN", when: oneIn(10) },
    { call: "send", errno: "EPIPE", when: oneIn(150) },
    { call: "send", errno: "ENOBUFS", when: oneIn(150) },
    { call: "send", errno: "EAGAIN", when: oneIn(10) },
    { call: "sendmsg", errno: "EPIPE", when: oneIn(50) },
    { call: "shutdown", errno: "ENOTCONN", when: oneIn(3) },
    { call: "close", errno: "EIO", when: oneIn(3) },
  ];
}

function receiveEach(
  kernel: Kernel,
  moves: Int32Array,
  count: number,
  buffer: Uint8Array,
  start: number,
  end: number,
): number {
  let at = start;
  for (let i = 0; i < count; i += 1) {
    const move = moves.subarray(i * MOVE_INTS, (i + 1) * MOVE_INTS);
    if (at >= end) return i;
    const wanted = move[MOVE_LENGTH] as number;
    const length = wanted > 0 ? Math.min(wanted, end - at) : end - at;
    const result = kernel.recv(move[MOVE_FD] as number, buffer, at, length, 0);
    move[MOVE_OFFSET] = at;
    move[MOVE_RESULT] = result;
    if (result > 0) at = Math.ceil((at + result) / MOVE_ALIGNMENT) * MOVE_ALIGNMENT;
  }
  return count;
}

function sendEach(kernel: Kernel, moves: Int32Array, count: number, buffer: Uint8Array): number {
  for (let i = 0; i < count; i += 1) {
    const move = moves.subarray(i * MOVE_INTS, (i + 1) * MOVE_INTS);
    const [fd = -1, offset = 0, length = 0] = move;
    move[MOVE_RESULT] = length > 0 ? kernel.send(fd, buffer, offset, length, 0) : 0;
  }
  return count;
}

/** Numbers from 0 to 1, the same for the same seed. Marsaglia's xorshift */
function randomOf(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b9) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
