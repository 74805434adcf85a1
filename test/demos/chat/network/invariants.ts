/** What is true of a network at any time. */
import { expect } from "vitest";
import type { ChatNetwork } from "../../../../src/demos/chat/network/chat-network.js";
import { fold, isNick, isRoomName } from "../../../../src/demos/chat/network/names.js";

export function checkInvariants(network: ChatNetwork): void {
  const users = [...network.users()];
  const rooms = [...network.rooms()];
  const locals = users.filter((user) => user.isLocal).length;
  expect(network.stats()).toMatchObject({
    ...{ users: users.length, localUsers: locals, rooms: rooms.length },
    servers: new Set(users.filter((user) => !user.isLocal).map((user) => user.serverId)).size,
  });
  // One nickname, one user; one name, one room.
  expect(new Set(users.map((user) => fold(user.nick))).size).toBe(users.length);
  expect(new Set(rooms.map((room) => fold(room.name))).size).toBe(rooms.length);
  for (const user of users) {
    expect(isNick(user.nick)).toBe(true);
    expect(user.mask).toBe(`${user.nick}!${user.username}@${user.host}`);
    for (const [room, membership] of user.rooms) {
      if (room.members.get(user) !== membership || !rooms.includes(room)) {
        throw new Error(`${user.nick} is in ${room.name}, which does not know it`);
      }
    }
  }
  for (const room of rooms) {
    expect(isRoomName(room.name)).toBe(true);
    expect(room.members.size).toBeGreaterThan(0);
    for (const [user, membership] of room.members) {
      const isKnown = users.includes(user) && user.rooms.get(room) === membership;
      const isListed = room.locals[membership.localIndex] === membership;
      if (!isKnown || isListed !== user.isLocal) {
        throw new Error(`${room.name} has ${user.nick} wrong`);
      }
    }
    expect(room.locals.length).toBe([...room.members.keys()].filter((user) => user.isLocal).length);
  }
}
