/**
 * Where a library that plays kqueue over another kernel is known to differ from kqueue(2), each with
 * an experiment over the bare calls, below our selector, that shows it. A test of the contract that
 * asks for just that is skipped, with the reason, only while the experiment shows the deviation: a
 * library that conforms is held to the whole suite, and a release that mends one is too.
 *
 * Only scripts/test-kqueue.sh with a library of somebody's turns this on. A kernel's own kqueue, and
 * the shim, are never excused.
 */
import { errnoOf, systemKernel } from "../../src/index.js";
import { openDescriptors } from "../support/descriptors.js";
import { send, takeError } from "../support/raw.js";
import { refusedConnection } from "../support/tcp.js";

export interface Deviation {
  readonly name: string;
  /** What the library does, against what kqueue(2) says. */
  readonly reason: string;
  /** The tests that ask for what the library does not do, by name. */
  readonly tests: readonly string[];
  /** Whether the library at hand does it. */
  isShown(): boolean;
}

/** The library's file, as scripts/test-kqueue.sh names it; undefined for a kernel and for the shim. */
const library = process.env["SR_KQUEUE_LIBRARY"] || undefined;

const { constants } = systemKernel;
const { EVFILT_READ = 0, EVFILT_WRITE = 0, EV_ADD = 0, EV_CLEAR = 0, EV_DELETE = 0 } = constants;
const ROOM = 1024;

/** Runs an experiment with a queue and a connected pair, and closes all that it opens. */
function experiment(run: (lab: Lab) => boolean): () => boolean {
  return () => {
    const lab = new Lab();
    try {
      return run(lab);
    } finally {
      lab.close();
    }
  };
}

class Lab {
  readonly kq = systemKernel.kqueue();
  readonly fds = new Set<number>();
  readonly left: number;
  readonly right: number;

  constructor() {
    const out = new Int32Array(2);
    systemKernel.socketpair(constants.AF_UNIX, constants.SOCK_STREAM, 0, false, out);
    this.left = this.own(out[0] as number);
    this.right = this.own(out[1] as number);
  }

  own(fd: number): number {
    this.fds.add(fd);
    return fd;
  }

  submit(fd: number, filter: number, flags: number): number {
    return systemKernel.kevent(
      this.kq,
      Int32Array.of(fd, filter, flags, 0, 1),
      1,
      new Int32Array(0),
      0,
    );
  }

  /** How many events a wait reports. */
  wait(timeoutMs = 0): number {
    const events = new Int32Array(ROOM * constants.KEVENT_INTS);
    return systemKernel.kevent(this.kq, new Int32Array(0), 0, events, timeoutMs);
  }

  closeFd(fd: number): void {
    this.fds.delete(fd);
    systemKernel.close(fd);
  }

  close(): void {
    systemKernel.close(this.kq);
    for (const fd of this.fds) systemKernel.close(fd);
  }
}

/** Changes a fact and skips nothing: `ready()` looks from a timer instead. */
export const CANNOT_BE_POLLED: Deviation = {
  name: "the queue cannot be polled",
  reason: "its descriptor never becomes readable; kqueue(2): it may be given to poll and select",
  tests: [],
  isShown: experiment((lab) => {
    lab.submit(lab.left, EVFILT_WRITE, EV_ADD);
    const interest = Int32Array.of(lab.kq, constants.POLLIN, 0, 0);
    return lab.wait() === 1 && systemKernel.poll(interest, 1, new Int32Array(3), 0) === 0;
  }),
};

const KEEPS_CLOSED: Deviation = {
  name: "a closed descriptor is kept",
  reason:
    "while a copy is open it reports a closed descriptor, and after EV_DELETE reads freed memory; " +
    "kqueue(2): close removes the filters",
  tests: [
    "a wait neither returns early nor spins, and the queue is rebuilt",
    "once rebuilt, later waits see nothing of it",
    "the others are delivered before, during and after the rebuild",
    "a busy selector is rid of it too",
    "several at once need not several rebuilds",
    "changes made before and after a rebuild are kept by it",
    "a oneshot registration that has reported stays silent when the queue is rebuilt",
    "a registration paused after its descriptor was closed does not spin",
    "a rebuild that finds no descriptor is tried again, and loses nothing meanwhile",
    "ready() in a loop gets over it",
    "a ready() that waits while the queue is rebuilt still sees what comes",
    "a copy closed, unregistered and made again is watched anew (libevent 53)",
    "survives a rebuild and many registrations beside it",
  ],
  isShown: experiment((lab) => {
    lab.submit(lab.left, EVFILT_READ, EV_ADD);
    lab.own(systemKernel.dup(lab.left));
    lab.closeFd(lab.left);
    send(lab.right);
    return lab.wait() !== 0;
  }),
};

const REPORTS_512: Deviation = {
  name: "one wait reports part of what is ready",
  reason: "kevent() reports 512 filters at most; kqueue(2): as many as the caller has room for",
  tests: [
    "9000 registered, every other one ready: one select() tells exactly these",
    "all that the limits allow: exactly the writers, exactly half (T34)",
    "more than 1024 ready both ways come in one call",
    "growing and shrinking by the hundreds keeps the table right",
  ],
  isShown: experiment((lab) => {
    let added = 0;
    for (; added < ROOM; added += 1) {
      const copy = systemKernel.dup(lab.left);
      if (copy === errnoOf("EMFILE")) break;
      if (lab.submit(lab.own(copy), EVFILT_WRITE, EV_ADD) < 0) return false;
    }
    return added > 512 && lab.wait() === 512;
  }),
};

const FORGETS_CLEAR: Deviation = {
  name: "EV_CLEAR is forgotten",
  reason: "deleting one filter of a descriptor makes the other one level-triggered",
  tests: ["stays edge when one direction is taken away (libevent 51)"],
  isShown: experiment((lab) => {
    lab.submit(lab.left, EVFILT_READ, EV_ADD | EV_CLEAR);
    lab.submit(lab.left, EVFILT_WRITE, EV_ADD | EV_CLEAR);
    if (lab.wait() !== 1 || lab.wait() !== 0) return false;
    lab.submit(lab.left, EVFILT_READ, EV_DELETE);
    lab.wait();
    return lab.wait() === 1 && lab.wait() === 1;
  }),
};

const TAKES_ERROR: Deviation = {
  name: "the error of a socket is taken away",
  reason: "a wait reads SO_ERROR, which clears it; a kernel copies it to fflags and leaves it",
  tests: ["a refused connection is ready for either interest, and its error is read once"],
  isShown: experiment((lab) => {
    const client = lab.own(refusedConnection());
    lab.submit(client, EVFILT_WRITE, EV_ADD);
    return lab.wait(1000) === 1 && takeError(client) === 0;
  }),
};

const CLOSES_LATE: Deviation = {
  name: "a closed queue goes on holding descriptors",
  reason: "a helper thread closes what belonged to a queue, some time after its close()",
  tests: ["select", "ready"].map(
    (how) => `a thread that waits in ${how}() for ever can be terminated, and leaves no descriptor`,
  ),
  // Beside the lab's queue, so that what a library opens once for all queues is open already.
  isShown: experiment(() => Array.from({ length: 50 }, isClosedLate).includes(true)),
};

/** Looks as soon as it can, but the helper may have been faster: one "no" proves nothing. */
function isClosedLate(): boolean {
  const before = openDescriptors();
  const kq = systemKernel.kqueue();
  const inside = [...openDescriptors().keys()].filter((fd) => fd !== kq && !before.has(fd));
  systemKernel.close(kq);
  const copies = inside.map((fd) => systemKernel.dup(fd)).filter((fd) => fd >= 0);
  for (const copy of copies) systemKernel.close(copy);
  return copies.length > 0;
}

const DEVIATIONS: readonly Deviation[] = [
  CANNOT_BE_POLLED,
  KEEPS_CLOSED,
  REPORTS_512,
  FORGETS_CLEAR,
  TAKES_ERROR,
  CLOSES_LATE,
];

/** What the library at hand is excused; nothing without one. */
export const SHOWN: readonly Deviation[] =
  library === undefined ? [] : DEVIATIONS.filter((deviation) => deviation.isShown());
