// What the micro bench measures, one operation each. A new case is one entry here; `open` runs in
// the worker, so that the library is loaded there only, and answers the operation.
import { microHttpCases } from "./micro-http-cases.mjs";

/**
 * @typedef {object} Operation
 * @property {(times: number) => void} repeat
 * @property {number} [divisor] what one time consists of, such as events; 1 if absent
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {string} group for --groups
 * @property {string} unit what one figure is the cost of
 * @property {() => Promise<Operation | { leftOut: string }>} open
 */

const LIBRARY = new URL("../dist/index.js", import.meta.url);
const TIMER_QUEUE = new URL("../dist/reactor/timer-queue.js", import.meta.url);
const BYTE_QUEUE = new URL("../dist/streams/byte-queue.js", import.meta.url);

const BACKENDS = ["epoll", "kqueue", "poll", "select"];
const READY = [1, 10, 100, 1000];
const OTHERS = [0, 1000, 1_000_000];
/** Re-used in turn, so that the timers are neither always the same nor new for each time. */
const TIMERS = 1024;

/** @type {readonly Case[]} */
export const microCases = [
  { name: "nowMs", group: "binding", unit: "call, a clock read", open: openNow },
  { name: "recv-raw", group: "binding", unit: "kernel.recv() that says EAGAIN", open: openRaw },
  { name: "recv", group: "binding", unit: "Socket.recv() that would block", open: openRecv },
  ...BACKENDS.flatMap((backend) =>
    READY.map((ready) => ({
      name: `${backend}-${ready}`,
      group: "turn",
      unit: `event, dispatch(0) over ${backend}, ${ready} ready of ${ready}`,
      open: () => openTurn(backend, ready),
    })),
  ),
  ...OTHERS.flatMap((others) => [
    {
      name: `timer-${others}`,
      group: "timer",
      unit: `arm + cancel, any deadline, ${others} others`,
      open: () => openTimer(others, (random) => random()),
    },
    {
      name: `timer-first-${others}`,
      group: "timer",
      unit: `arm + cancel, the earliest deadline, ${others} others`,
      open: () => openTimer(others, () => -1),
    },
  ]),
  { name: "bytes-64", group: "bytes", unit: "append + drain of 64 B", open: () => openBytes(64) },
  {
    name: "bytes-4096",
    group: "bytes",
    unit: "append + drain of 4 KiB",
    open: () => openBytes(4096),
  },
  { name: "lines", group: "bytes", unit: "line of 32 B, append and readLine()", open: openLines },
  ...microHttpCases,
];

async function openNow() {
  const { systemKernel: kernel } = await import(LIBRARY);
  let last = 0;
  return {
    repeat: (times) => {
      for (let i = 0; i < times; i += 1) last = kernel.nowMs();
      if (!(last > 0)) throw new Error("The clock stands still");
    },
  };
}

async function openRaw() {
  const { Socket, systemKernel: kernel } = await import(LIBRARY);
  const pair = Socket.pair();
  const fd = pair[0].fileno();
  const buffer = Buffer.alloc(64);
  let result = 0;
  return {
    repeat: (times) => {
      for (let i = 0; i < times; i += 1) result = kernel.recv(fd, buffer, 0, 64, 0);
      if (result >= 0 || pair[1].isClosed) throw new Error("There was something to receive");
    },
  };
}

async function openRecv() {
  const { Socket, WOULD_BLOCK } = await import(LIBRARY);
  const pair = Socket.pair();
  const buffer = Buffer.alloc(64);
  let result = WOULD_BLOCK;
  return {
    repeat: (times) => {
      for (let i = 0; i < times; i += 1) result = pair[0].recv(buffer);
      if (result !== WOULD_BLOCK) throw new Error("There was something to receive");
    },
  };
}

/** Level-triggered and never read: all of them are ready in every turn. */
async function openTurn(backend, ready) {
  const { createSelector, EVENT_READ, Socket, supportedBackends } = await import(LIBRARY);
  if (!supportedBackends().includes(backend)) return { leftOut: "not on this system" };
  const selector = createSelector({ backend });
  const { maxFd = Infinity } = selector.capabilities;
  const sockets = [];
  for (let i = 0; i < ready; i += 1) {
    const [reader, writer] = Socket.pair();
    if (reader.fileno() > maxFd) return { leftOut: `it takes descriptors up to ${maxFd}` };
    writer.send(Buffer.from("x"));
    selector.register(reader, EVENT_READ);
    sockets.push(reader, writer);
  }
  let events = 0;
  const count = () => {
    events += 1;
  };
  return {
    divisor: ready,
    repeat: (times) => {
      events = 0;
      for (let i = 0; i < times; i += 1) selector.dispatch(0, count);
      if (events * 2 !== sockets.length * times) throw new Error("A turn missed an event");
    },
  };
}

class Timer {
  deadlineMs = 0;
  heapIndex = -1;
  sequence = 0;
}

async function openTimer(others, deadlineFrom) {
  const { TimerQueue } = await import(TIMER_QUEUE);
  const random = randomDeadlines();
  const queue = new TimerQueue();
  for (let i = 0; i < others; i += 1) queue.add(new Timer(), random());
  const timers = Array.from({ length: TIMERS }, () => new Timer());
  const deadlines = Float64Array.from({ length: TIMERS }, () => deadlineFrom(random));
  return {
    repeat: (times) => {
      for (let i = 0; i < times; i += 1) {
        const timer = timers[i % TIMERS];
        queue.add(timer, deadlines[i % TIMERS]);
        queue.remove(timer);
      }
      if (queue.size !== others) throw new Error("A timer is left over");
    },
  };
}

/** Within a minute, the same in every run. */
function randomDeadlines() {
  let state = 2_463_534_242;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) / 2 ** 32) * 60_000;
  };
}

async function openBytes(size) {
  const { ByteQueue } = await import(BYTE_QUEUE);
  const queue = new ByteQueue();
  const bytes = Buffer.alloc(size, "x");
  return {
    repeat: (times) => {
      for (let i = 0; i < times; i += 1) {
        queue.append(bytes);
        queue.drain(size);
      }
      if (queue.length !== 0) throw new Error("A byte is left over");
    },
  };
}

async function openLines() {
  const { ByteQueue } = await import(BYTE_QUEUE);
  const LINES = 64;
  const queue = new ByteQueue();
  const bytes = Buffer.from(`${"x".repeat(30)}\r\n`.repeat(LINES));
  return {
    divisor: LINES,
    repeat: (times) => {
      let lines = 0;
      for (let i = 0; i < times; i += 1) {
        queue.append(bytes);
        while (queue.readLine() !== undefined) lines += 1;
      }
      if (lines !== times * LINES) throw new Error("A line is missing");
    },
  };
}
