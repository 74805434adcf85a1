/** The real kernel and the real host loop: the addon's own functions, with nothing in between. */
import { loadAddon } from "./addon.js";
import { check, misuse } from "./errors.js";
import type { HostLoop, HostPoll } from "./host-loop.js";
import type { Kernel } from "./kernel.js";

const addon = loadAddon();

// A copy, because the exports object of an addon is a dictionary and its look-ups are slow.
const { hostPollOpen, hostPollArm, hostPollDisarm, hostPollClose, ...calls } = addon;

/** The system itself. */
export const systemKernel: Kernel = calls;

/** Node's own loop. */
export const systemHostLoop: HostLoop = {
  poll(fd, onReadable): HostPoll {
    // Bun answers uv_poll_init by ending the process; better to refuse here.
    if (process.versions["bun"] !== undefined) {
      throw misuse(Error, "ERR_UNSUPPORTED_RUNTIME", "Waiting in the host's loop needs libuv: Bun");
    }
    const poll = hostPollOpen(fd, onReadable);
    if (typeof poll === "number") {
      check("uv_poll_init", poll);
      throw new Error("unreachable");
    }
    return {
      arm: () => void check("uv_poll_start", hostPollArm(poll)),
      disarm: () => void hostPollDisarm(poll),
      close: () => void hostPollClose(poll),
    };
  },
};
