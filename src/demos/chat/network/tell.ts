/**
 * Who hears of what. Each is told once, and nothing is allocated for each: a room of a thousand
 * costs one line and a loop.
 */
import type { Broadcast } from "./broadcast.js";
import type { Room, User } from "./state.js";
import type { World } from "./world.js";

/** To the local members of a room, but one. */
export function tellRoom(room: Room, broadcast: Broadcast, except?: User): void {
  const { locals } = room;
  for (let at = 0; at < locals.length; at += 1) {
    const user = locals[at]?.user;
    if (user !== except) user?.client?.tell(broadcast);
  }
}

/** To a user, unless told not to, and to all local users that share a room with it. */
export function tellNeighbours(
  world: World,
  user: User,
  broadcast: Broadcast,
  { andItself = true }: { readonly andItself?: boolean } = {},
): void {
  const mark = world.nextMark();
  user.mark = mark;
  if (andItself) user.client?.tell(broadcast);
  for (const { locals } of user.rooms.keys()) {
    for (let at = 0; at < locals.length; at += 1) {
      const other = locals[at]?.user;
      if (other === undefined || other.mark === mark) continue;
      other.mark = mark;
      other.client?.tell(broadcast);
    }
  }
}

/** To all local users. */
export function tellAll(world: World, broadcast: Broadcast): void {
  for (const user of world.users.values()) user.client?.tell(broadcast);
}
