/**
 * Acts of our own users that come back on the way by which all servers hear everything in one order.
 * We applied them early, when they happened; the others apply them now. Where two servers changed one
 * thing at one time, all end with what was heard last, because we apply ours once more in its place.
 *
 * Only for what is set and reset, `isOrdered`: who is where and by what name ends the same without.
 */
import type { Act } from "../act.js";
import { Broadcast } from "../broadcast.js";
import { tellRoom } from "../tell.js";
import type { World } from "../world.js";
import { changeModes } from "./mode-act.js";

export function isOrdered(act: Act): boolean {
  return act.act === "mode" || act.act === "join";
}

export function confirmAct(world: World, act: Act): void {
  // Nothing came between: to do it again would undo, for a moment, what ours have done since.
  if (world.disturbancesAt.get(act) === world.disturbances) return;
  world.disturbances += 1; // so that those of ours that came behind it come behind it again
  // Who did it may have left since.
  if (act.act === "mode")
    changeModes(world, act, world.users.get(act.user)?.mask ?? world.serverName);
  else if (act.act === "join") confirmJoin(world, act);
}

/** What others gave or took before it came was given to who, for all others, was not there. */
function confirmJoin(world: World, act: Extract<Act, { readonly act: "join" }>): void {
  const user = world.users.get(act.user);
  const room = world.room(act.room);
  const membership = user && room?.members.get(user);
  if (user === undefined || room === undefined || membership === undefined) return;
  const isOperator = act.privileges.includes("o");
  const isVoiced = act.privileges.includes("v");
  let letters = "";
  if (membership.isOperator && !isOperator) letters += "o";
  if (membership.isVoiced && !isVoiced) letters += "v";
  membership.isOperator = isOperator;
  membership.isVoiced = isVoiced;
  if (letters === "") return;
  const nicks = [...letters].map(() => user.nick).join(" ");
  const text = `:${world.serverName} MODE ${room.name} -${letters} ${nicks}`;
  tellRoom(room, new Broadcast(text, world.now()));
}
