/** What acts in rooms change, and who hears of it. That they are allowed was decided before. */
import type { Act } from "../act.js";
import { Broadcast } from "../broadcast.js";
import type { Room } from "../state.js";
import { tellRoom } from "../tell.js";
import type { World } from "../world.js";

type ActOf<Name extends Act["act"]> = Extract<Act, { readonly act: Name }>;

export function join(world: World, act: ActOf<"join">): void {
  const user = world.users.get(act.user);
  if (user === undefined) return;
  const known = world.room(act.room);
  // Its own server has counted, too: one that has not must not fill our memory.
  if (user.rooms.size >= world.limits.roomsPerUserMax && !known?.members.has(user)) return;
  const room = known ?? world.addRoom(act.room, act.at);
  room.createdAt = Math.min(room.createdAt, act.at);
  const isNew = !room.members.has(user);
  const membership = room.members.get(user) ?? room.add(user);
  user.invites.delete(room.ticket);
  if (isNew) tellRoom(room, new Broadcast(`:${user.mask} JOIN ${room.name}`, world.now()));
  const granted = [...act.privileges].filter(
    (letter) =>
      (letter === "o" && !membership.isOperator) || (letter === "v" && !membership.isVoiced),
  );
  if (granted.includes("o")) membership.isOperator = true;
  if (granted.includes("v")) membership.isVoiced = true;
  if (known === undefined) {
    // Who opens a room gets the usual one: strangers cannot speak in it or change its topic.
    if (membership.isOperator) for (const flag of ["n", "t"]) room.flags.add(flag);
  } else if (granted.length > 0) {
    const nicks = granted.map(() => user.nick).join(" ");
    const text = `:${world.serverName} MODE ${room.name} +${granted.join("")} ${nicks}`;
    tellRoom(room, new Broadcast(text, world.now()));
  }
}

export function part(world: World, act: ActOf<"part">): void {
  const user = world.users.get(act.user);
  const room = world.room(act.room);
  if (user === undefined || !room?.members.has(user)) return;
  const reason = act.reason === "" ? "" : ` :${act.reason}`;
  tellRoom(room, new Broadcast(`:${user.mask} PART ${room.name}${reason}`, world.now()));
  world.leaveRoom(user, room);
}

export function kick(world: World, act: ActOf<"kick">): void {
  const user = world.users.get(act.user);
  const whom = world.users.get(act.whom);
  const room = world.room(act.room);
  if (user === undefined || whom === undefined || !room?.members.has(whom)) return;
  const text = `:${user.mask} KICK ${room.name} ${whom.nick} :${act.reason}`;
  tellRoom(room, new Broadcast(text, world.now()));
  world.leaveRoom(whom, room);
  // Others may have heard the kick, then that whom left, then that whom came back; here it came last.
  // Where a user is, its own server says: to who knows it already this is nothing new.
  if (whom.isLocal && !user.isLocal) {
    world.onAct?.({ act: "part", user: whom.id, room: room.name, reason: "" });
  }
}

/** The later one holds; of two at one time any, if only everybody takes the same. */
export function topic(world: World, { room: name, text, by, at }: ActOf<"topic">): void {
  const room = world.room(name);
  if (room === undefined || !isNewer(room, text, at)) return;
  const isOther = text !== (room.topic?.text ?? "");
  room.topic = { text, by, at };
  if (isOther) tellRoom(room, new Broadcast(`:${by} TOPIC ${room.name} :${text}`, at));
}

function isNewer({ topic: old }: Room, text: string, at: number): boolean {
  if (old === undefined || at > old.at) return true;
  return at === old.at && text > old.text;
}

export function invite(world: World, act: ActOf<"invite">): void {
  const user = world.users.get(act.user);
  const whom = world.users.get(act.whom);
  const room = world.room(act.room);
  if (user === undefined || whom?.client === undefined || room === undefined) return;
  // Anybody may ask somebody in where that opens nothing; it must open nothing later, either.
  if (room.isOperator(user)) whom.invite(room);
  const text = `:${user.mask} INVITE ${whom.nick} ${room.name}`;
  whom.client.tell(new Broadcast(text, world.now()));
}
