// For LeakSanitizer, see scripts/test-sanitized.sh: a plain program that opens, uses, closes and
// abandons what the addon keeps in memory, then ends. What is lost by then is a leak; vitest's own
// memory would drown it. It runs the built package: npm run build:ts.
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import {
  createSelector,
  EVENT_READ,
  EVENT_WRITE,
  Socket,
  supportedBackends,
  systemHostLoop,
  TURN_READABLE,
} from "socket-reactor";

const ROUNDS = 20;

/** Sockets come, carry a byte past a selector that waits in either way, and go. */
async function useAll(backend) {
  const selector = createSelector({ backend });
  const [left, right] = Socket.pair();
  const listener = Socket.listenTcp();
  selector.register(listener, EVENT_READ);
  selector.register(left, EVENT_READ | EVENT_WRITE);
  selector.modify(left, EVENT_READ);
  right.send(Buffer.from("x"));
  if (selector.select(1000).length !== 1) throw new Error(`${backend}: select() saw nothing`);
  if (!(await selector.ready(1000))) throw new Error(`${backend}: ready() saw nothing`);
  left.recv(Buffer.alloc(1));
  if (await selector.ready(1)) throw new Error(`${backend}: ready() saw too much`);
  const cancelled = selector.ready(null, { signal: AbortSignal.timeout(1) }).catch(() => {});
  selector.waker.wake();
  await cancelled;
  for (const resource of [left, right, listener, selector]) resource.close();
}

/** An attachment watches, replaces what it watches, and is closed by its own turn. */
async function useAttachment() {
  const [left, right] = Socket.pair();
  right.send(Buffer.from("x"));
  await new Promise((resolve) => {
    const attachment = systemHostLoop.attach((reason) => {
      attachment.dirty[0] = 0;
      attachment.watch(left.fileno());
      if (reason !== TURN_READABLE) return;
      attachment.close();
      resolve();
    });
    attachment.dirty[0] = 1;
    attachment.setTimer(0);
  });
  for (const socket of [left, right]) socket.close();
}

/** A thread that is terminated while it waits runs no more JavaScript: it closes nothing itself. */
async function terminateWhileWaiting(backend, how) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { backend, how } });
  await once(worker, "message");
  await worker.terminate();
}

/** The thread's part: it waits for what never comes. */
async function wait({ backend, how }) {
  const selector = createSelector({ backend });
  const [left] = Socket.pair();
  selector.register(left, EVENT_READ);
  selector.waker;
  const attachment = systemHostLoop.attach(() => {});
  attachment.watch(left.fileno());
  attachment.setTimer(0);
  attachment.dirty[0] = 1;
  parentPort.postMessage("waits");
  await selector[how]();
}

if (isMainThread) {
  for (let i = 0; i < ROUNDS; i += 1) await useAttachment();
  for (const backend of supportedBackends()) {
    for (let i = 0; i < ROUNDS; i += 1) await useAll(backend);
    await terminateWhileWaiting(backend, "ready");
    await terminateWhileWaiting(backend, "select");
  }
  console.log(`leak-check: ${supportedBackends().join(", ")}: done`);
} else {
  await wait(workerData);
}
