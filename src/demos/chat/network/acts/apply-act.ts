/**
 * The one way in which the network changes. `applyAct` is for acts of other servers' users,
 * `perform` for those of our own, which other servers have to hear of.
 */
import type { Act } from "../act.js";
import type { Recipient } from "../state.js";
import type { World } from "../world.js";
import { isOrdered } from "./confirm-act.js";
import { kill, say, wallops } from "./message-acts.js";
import { mode } from "./mode-act.js";
import { invite, join, kick, part, topic } from "./room-acts.js";
import { away, enter, quit, rename } from "./user-acts.js";

/** Acts that make no sense, because somebody has left meanwhile, change nothing. */
export function applyAct(world: World, act: Act, client?: Recipient): void {
  switch (act.act) {
    case "enter":
      enter(world, act, perform, client);
      return;
    case "rename":
      rename(world, act, perform);
      return;
    case "join":
      join(world, act);
      return;
    case "part":
      part(world, act);
      return;
    case "kick":
      kick(world, act);
      return;
    case "say":
      say(world, act);
      return;
    case "topic":
      topic(world, act);
      return;
    case "mode":
      mode(world, act);
      return;
    case "invite":
      invite(world, act);
      return;
    case "away":
      away(world, act);
      return;
    case "wallops":
      wallops(world, act);
      return;
    case "kill":
      kill(world, act);
      return;
    case "quit":
      quit(world, act);
      return;
    default:
      act satisfies never;
  }
}

/** @param client of "enter": what carries the user. */
export function perform(world: World, act: Act, client?: Recipient): void {
  applyAct(world, act, client);
  if (isOrdered(act)) world.disturbancesAt.set(act, world.disturbances);
  world.onAct?.(act);
}
