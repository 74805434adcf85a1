// Servers end when stdin closes, so that none outlives a benchmark that was killed.
import { EVENT_READ } from "../../dist/index.js";

const STDIN = 0;

/** @param {import("../../dist/index.js").Reactor} reactor */
export function endWithStdin(reactor) {
  try {
    reactor.watch(STDIN, EVENT_READ, () => process.exit(0));
  } catch (error) {
    // A regular file or /dev/null as stdin cannot be polled by epoll: only a signal ends us.
    if (error.code !== "EPERM") throw error;
  }
}
