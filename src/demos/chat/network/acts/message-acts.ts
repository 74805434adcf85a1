/** What is said: to rooms, to one, to all who listen to operators; and the operators' last word. */
import type { Act } from "../act.js";
import { Broadcast } from "../broadcast.js";
import { tellRoom } from "../tell.js";
import type { World } from "../world.js";

type ActOf<Name extends Act["act"]> = Extract<Act, { readonly act: Name }>;

export function say(world: World, { user: id, to, text, isNotice, at }: ActOf<"say">): void {
  const user = world.users.get(id);
  if (user === undefined) return;
  const echo = user.client?.hasEcho === true;
  const command = isNotice ? "NOTICE" : "PRIVMSG";
  user.spokeAt = at;
  const room = world.room(to);
  if (room !== undefined) {
    const line = `:${user.mask} ${command} ${room.name} :${text}`;
    const broadcast = new Broadcast(line, at);
    tellRoom(room, broadcast, user);
    if (echo) user.client?.tell(broadcast);
    if (!isForPrograms(text)) room.history.add({ at, text: line });
    return;
  }
  const whom = world.users.get(to);
  if (whom === undefined) return;
  const broadcast = new Broadcast(`:${user.mask} ${command} ${whom.nick} :${text}`, at);
  whom.client?.tell(broadcast);
  if (echo && user !== whom) user.client?.tell(broadcast);
}

/**
 * CTCP but for ACTION, which is something said. A program that comes later would answer a question of
 * yesterday, and offer its user a file that is no longer there.
 */
function isForPrograms(text: string): boolean {
  return text.startsWith("\u0001") && !text.startsWith("\u0001ACTION ");
}

export function wallops(world: World, act: ActOf<"wallops">): void {
  const user = world.users.get(act.user);
  if (user === undefined) return;
  const broadcast = new Broadcast(`:${user.mask} WALLOPS :${act.text}`, world.now());
  for (const other of world.users.values()) {
    if (other.hasWallops) other.client?.tell(broadcast);
  }
}

/** Its own server ends it; the others hear its "quit". */
export function kill(world: World, act: ActOf<"kill">): void {
  const nick = world.users.get(act.user)?.nick;
  const whom = world.users.get(act.whom);
  if (nick !== undefined) whom?.client?.end(`Killed (${nick} (${act.reason}))`);
}
