/**
 * Every call of the kernel, with arguments right and wrong: it answers a number, or throws a
 * TypeError or RangeError with Node's code; it never crashes and never touches a byte beside the
 * views that it was given. Run it under the sanitizers to see more than the canaries do.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemKernel as kernel } from "../../src/kernel/index.js";
import { openDescriptors } from "../support/descriptors.js";
import {
  address,
  addresses,
  boolean,
  bytes,
  controlIn,
  controlOut,
  doubles,
  fd,
  type Guards,
  int,
  interestCall,
  interfaceName,
  ints,
  type Kind,
  oneOf,
  range,
  timeoutMs,
} from "./argument-kinds.js";
import { buffers } from "./hostile-arrays.js";
import { recvMoves, sendMoves } from "./hostile-moves.js";
import { World } from "./world.js";

/** Calls tried of each function. */
const RUNS = 200;

const { AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET } = kernel.constants;
const domain = oneOf(AF_UNIX, AF_INET, AF_INET6, 0, 9999, -1);
const type = oneOf(SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, 0, 99, -1);
const protocol = oneOf(0, 0, 6, 17, 255, -1);
const optionNames = Object.entries(kernel.constants)
  .filter(([name]) => /^(SO|TCP|IP|IPV6|UDP)_/.test(name))
  .map(([, number]) => number);
const { SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP } = kernel.constants;
const level = oneOf(SOL_SOCKET, SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP, -1);
// SO_LINGER could make a close wait.
const option = oneOf(
  ...optionNames.filter((name) => name !== kernel.constants.SO_LINGER),
  -1,
  99999,
);
const count = oneOf(0, 1, 2, 64, 65, 2 ** 31 - 1, -1);
const slotBytes = oneOf(0, 1, 64, 4096, 2 ** 31 - 1);
const size = oneOf(0, 1, 4096, 2 ** 31, 2 ** 53 - 1);
const operation = oneOf(0, 1, 2, 3, 99);
const eventBits = oneOf(0, 1, 4, 5, 2 ** 31, 2 ** 32 - 1);

const batch = [fd, bytes, slotBytes, count, int, ints, addresses];

/** The arguments of each call. A new call has to be described here before this file passes. */
const CALLS: Readonly<Record<string, readonly Kind[]>> = {
  nowMs: [int],
  close: [fd],
  adopt: [fd],
  disown: [fd],
  dup: [fd],
  fcntl_nonblock: [fd, boolean],
  pipe2: [boolean, ints],
  eventfd: [int],
  read: [fd, range],
  write: [fd, range],
  socket: [domain, type, protocol, boolean],
  socketpair: [domain, type, protocol, boolean, ints],
  bind: [fd, address],
  listen: [fd, int],
  accept4: [fd, boolean, address],
  connect: [fd, address],
  shutdown: [fd, int],
  getsockname: [fd, address],
  getpeername: [fd, address],
  if_nametoindex: [interfaceName],
  recv: [fd, range, int],
  send: [fd, range, int],
  recvfrom: [fd, range, int, address],
  sendto: [fd, range, int, address],
  recvmsg: [fd, range, int, address, controlOut, ints],
  sendmsg: [fd, buffers, int, address, controlIn],
  recvmmsg: batch,
  sendmmsg: batch,
  recv_each: [recvMoves],
  send_each: [sendMoves],
  sendfile: [fd, fd, size, size],
  getsockopt: [fd, level, option, bytes],
  setsockopt: [fd, level, option, bytes],
  getsockopt_int: [fd, level, option, ints],
  setsockopt_int: [fd, level, option, int],
  getsockopt_time: [fd, level, option],
  setsockopt_time: [fd, level, option, int],
  getsockopt_peercred: [fd, ints],
  setsockopt_md5sig: [fd, address, bytes],
  ioctl_inq: [fd],
  ioctl_outq: [fd],
  tcp_info: [fd, doubles],
  epoll_create1: [int],
  epoll_ctl: [fd, operation, fd, eventBits, int, int],
  epoll_wait: [fd, ints, timeoutMs],
  kqueue: [int],
  kevent: [fd, ints, count, ints, timeoutMs],
  poll: [interestCall],
  select: [interestCall],
};

type Call = (...args: readonly unknown[]) => unknown;

const functions = Object.entries(kernel).filter(([, value]) => typeof value === "function");

test("every exported function is described here", () => {
  expect(functions.map(([name]) => name).sort()).toEqual(Object.keys(CALLS).sort());
});

test.each(functions)("%s() takes any arguments without harm", (name, call) => {
  const kinds = CALLS[name] as readonly Kind[];
  const before = openDescriptors();
  fc.assert(
    fc.property(
      fc.tuple(...kinds.map((kind) => kind.plan)),
      fc.option(fc.nat(8), { freq: 8 }),
      (plans, arity) => {
        const world = new World();
        try {
          const guards: Guards = [];
          const made = kinds.flatMap((kind, i) => kind.make(plans[i], world, guards));
          const args = arity === null ? made : made.slice(0, arity);
          const result = outcome(call as Call, args);
          world.note(name, args, result);
          for (const guard of guards) expect(guard.violations()).toEqual([]);
        } finally {
          world.close();
        }
      },
    ),
    { numRuns: RUNS },
  );
  expect(openDescriptors()).toEqual(before);
});

/** What the call answered, or undefined if it refused its arguments as it should. */
function outcome(call: Call, args: readonly unknown[]): unknown {
  let result: unknown;
  try {
    result = call(...args);
  } catch (error) {
    expectRefusal(error);
    return undefined;
  }
  expect(typeof result).toBe("number");
  expect(result).not.toBeNaN();
  return result;
}

function expectRefusal(error: unknown): void {
  expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
  if ((error as Error).cause === "getter") return;
  expect((error as NodeJS.ErrnoException).code).toMatch(
    /^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE|INVALID_ARG_VALUE)$/,
  );
}
