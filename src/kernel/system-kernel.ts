/** The real kernel and the real host loop: the addon's own functions, with nothing in between. */
import { loadAddon } from "./addon.js";
import type { HostLoop } from "./host-loop.js";
import type { Kernel } from "./kernel.js";
import { SystemHostLoop } from "./system-host-loop.js";
import { traceIfAsked } from "./system-trace.js";

// A copy, because the exports object of an addon is a dictionary and its look-ups are slow.
const { hostLoop, ...calls } = loadAddon();

/** The system itself. */
export const systemKernel: Kernel = traceIfAsked(calls);

/** Node's own loop. */
export const systemHostLoop: HostLoop = new SystemHostLoop(hostLoop);
