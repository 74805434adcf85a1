/** What acts of a user as such change, and who hears of it. */
import type { Act, UserRecord } from "../act.js";
import { Broadcast } from "../broadcast.js";
import { guestNick } from "../names.js";
import { type Recipient, serverOf, User } from "../state.js";
import { tellNeighbours } from "../tell.js";
import type { World } from "../world.js";

type ActOf<Name extends Act["act"]> = Extract<Act, { readonly act: Name }>;
/** How an act that follows from another one is done: see apply-act.ts. */
export type Perform = (world: World, act: Act) => void;

/** @param client what carries it, if it is a user of this server. */
export function enter(
  world: World,
  { user: record }: ActOf<"enter">,
  perform: Perform,
  client?: Recipient,
): void {
  const known = world.users.get(record.id);
  if (known !== undefined) {
    rename(world, { act: "rename", user: record.id, nick: record.nick }, perform);
    return;
  }
  // Ours were counted when they registered. Of another server so many are heard of, and no more.
  const server = serverOf(record.id);
  if (client === undefined && (world.servers.get(server) ?? 0) >= world.limits.usersMax) return;
  const nick = settleNick(world, record, record.nick, perform);
  world.addUser(new User({ ...record, nick }, client));
}

export function rename(world: World, act: ActOf<"rename">, perform: Perform): void {
  const user = world.users.get(act.user);
  if (user === undefined) return;
  const nick = settleNick(world, user, act.nick, perform);
  if (nick === user.nick) return;
  tellNeighbours(world, user, new Broadcast(`:${user.mask} NICK :${nick}`, world.now()));
  world.rename(user, nick);
}

/**
 * What a user is called who wants a nickname: of two the elder has it, on all servers, and the
 * younger is given one that nobody can choose. The one who loses it here may be another user.
 */
function settleNick(
  world: World,
  user: Pick<UserRecord, "id" | "at">,
  wanted: string,
  perform: Perform,
): string {
  const owner = world.userByNick(wanted);
  if (owner === undefined || owner.id === user.id) return wanted;
  if (isElder(owner, user)) return guestNick(user.id);
  yieldNick(world, owner, perform);
  return wanted;
}

function yieldNick(world: World, loser: User, perform: Perform): void {
  const act: Act = { act: "rename", user: loser.id, nick: guestNick(loser.id) };
  if (loser.client === undefined) {
    rename(world, act, perform);
    return;
  }
  loser.client.reply("ERR_NICKCOLLISION", loser.nick, "Nickname collision with an elder user");
  perform(world, act);
  loser.client.notice(`You are ${loser.nick} now: choose another name with NICK`);
}

function isElder(a: Pick<UserRecord, "id" | "at">, b: Pick<UserRecord, "id" | "at">): boolean {
  return a.at === b.at ? a.id < b.id : a.at < b.at;
}

export function away(world: World, act: ActOf<"away">): void {
  const user = world.users.get(act.user);
  if (user !== undefined) user.away = act.reason;
}

export function quit(world: World, act: ActOf<"quit">): void {
  const user = world.users.get(act.user);
  if (user === undefined) return;
  // Its own connection hears why in an ERROR line.
  const broadcast = new Broadcast(`:${user.mask} QUIT :${act.reason}`, world.now());
  tellNeighbours(world, user, broadcast, { andItself: false });
  world.removeUser(user);
}
