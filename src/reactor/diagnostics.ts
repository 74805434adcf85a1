/**
 * Diagnostics channels: what happens inside, for who subscribes through node:diagnostics_channel.
 * They cost one look at a flag while nobody listens.
 */
import { channel } from "node:diagnostics_channel";

/** A turn ended: `{ startedMs, dispatchMs, callbacks }`. */
export const turnChannel = channel("socket-reactor.turn");

/** A run began or ended: `{ reactor, mode, result? }`. */
export const runChannel = channel("socket-reactor.run");

/** A callback threw, or the kernel refused a change: `{ error, activity }`. */
export const errorChannel = channel("socket-reactor.error");
