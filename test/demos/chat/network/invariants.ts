/** What is true of a network at any time. Plain comparisons: they are made after every line. */
import type { ChatNetwork, NetworkStats } from "../../../../src/demos/chat/network/chat-network.js";
import { fold, isNick, isRoomName } from "../../../../src/demos/chat/network/names.js";
import type { Room } from "../../../../src/demos/chat/network/state.js";

export function checkInvariants(network: ChatNetwork): void {
  const users = [...network.users()];
  const rooms = [...network.rooms()];
  const others = users.filter((user) => !user.isLocal);
  checkStats(network.stats(), {
    ...{ users: users.length, localUsers: users.length - others.length, rooms: rooms.length },
    servers: new Set(others.map((user) => user.serverId)).size,
  });
  const nicks = new Set(users.map((user) => fold(user.nick)));
  check(nicks.size === users.length, "two users with one nickname");
  const names = new Set(rooms.map((room) => fold(room.name)));
  check(names.size === rooms.length, "two rooms with one name");
  for (const user of users) {
    check(isNick(user.nick), `a user called ${user.nick}`);
    check(user.mask === `${user.nick}!${user.username}@${user.host}`, `a mask ${user.mask}`);
    for (const [room, membership] of user.rooms) {
      const isKnown = rooms.includes(room) && room.members.get(user) === membership;
      check(isKnown, `${user.nick} in ${room.name}, which does not know it`);
    }
  }
  for (const room of rooms) checkRoom(room, new Set(users));
}

function checkRoom(room: Room, users: ReadonlySet<unknown>): void {
  const { name, members, locals } = room;
  check(isRoomName(name), `a room called ${name}`);
  check(members.size > 0, `${name} empty`);
  let count = 0;
  for (const [user, membership] of members) {
    const isKnown = users.has(user) && user.rooms.get(room) === membership;
    check(isKnown, `${user.nick}, who does not know it, in ${name}`);
    const isListed = locals[membership.localIndex] === membership;
    check(isListed === user.isLocal, `${user.nick} in the wrong list of ${name}`);
    if (isListed) count += 1;
  }
  check(locals.length === count, `${locals.length} local members for ${count} in ${name}`);
}

function checkStats(stats: NetworkStats, counted: Partial<NetworkStats>): void {
  for (const [name, value] of Object.entries(counted)) {
    const said = Object.entries(stats).find(([key]) => key === name)?.[1];
    check(said === value, `${said} for ${value} ${name}`);
  }
}

function check(isTrue: boolean, found: string): void {
  if (!isTrue) throw new Error(`The network has ${found}`);
}
