// libevent's dispatch bench over one of this library's selectors, in a process of its own: n
// socket pairs in a ring, every reading end registered. A round sends a byte into `active` of the
// pairs; each reader that is called takes its byte and sends one to the next pair, until `writes`
// bytes went on. Measured is the CPU time of the turns until all active + writes bytes were read:
// each a system call that does not wait, over n descriptors of which n - active are idle.
//
//   node dispatch.mjs '{"backend":"epoll","descriptors":100,"active":1,"writes":100,"seconds":1}'
//
// Prints {"figures": {...}, "turns": n} or {"leftOut": reason} as JSON.
import { createSelector, EVENT_READ, Socket } from "../../dist/index.js";
import { cpuMs, toFigures } from "../sampling.mjs";

const WARMUP_MS = 150;
/** However slow they are, so that a median can be told. */
const ROUNDS_MIN = 5;

const { backend, descriptors, active, writes, seconds } = JSON.parse(process.argv[2]);
const byte = new Uint8Array(1);
const selector = createSelector({ backend });
const readers = [];
const writers = [];

/** @returns {string | undefined} the reason why this point cannot be measured here */
function open() {
  const { maxFd = Infinity } = selector.capabilities;
  try {
    for (let i = 0; i < descriptors; i += 1) {
      const [reader, writer] = Socket.pair();
      readers.push(reader);
      writers.push(writer);
      if (reader.fileno() > maxFd) return `it takes descriptors up to ${maxFd}`;
      selector.register(reader, EVENT_READ, i);
    }
  } catch (error) {
    if (error.code !== "EMFILE") throw error;
    return "more open files than RLIMIT_NOFILE allows (ulimit -n)";
  }
  return undefined;
}

let unread = 0;
let unsent = 0;
let turns = 0;

function onReadable({ data }) {
  readers[data].recv(byte);
  unread -= 1;
  if (unsent === 0) return;
  unsent -= 1;
  unread += 1;
  writers[data + 1 === descriptors ? 0 : data + 1].send(byte);
}

/** @returns {number} ns per event */
function round() {
  const distance = Math.floor(descriptors / active);
  for (let i = 0; i < active; i += 1) writers[i * distance].send(byte);
  unread = active;
  unsent = writes;
  turns = 0;
  const start = cpuMs();
  for (; unread > 0; turns += 1) selector.dispatch(0, onReadable);
  return ((cpuMs() - start) * 1e6) / (active + writes);
}

function measure() {
  const warmEnd = performance.now() + WARMUP_MS;
  do round();
  while (performance.now() < warmEnd);
  const samples = [];
  const end = performance.now() + seconds * 1000;
  while (samples.length < ROUNDS_MIN || performance.now() < end) samples.push(round());
  return { figures: toFigures(samples), turns };
}

const leftOut = open();
console.log(JSON.stringify(leftOut === undefined ? measure() : { leftOut }));
