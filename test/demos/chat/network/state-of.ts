/** What two networks that have heard the same must agree on, in a form to compare. */
import type { ChatNetwork } from "../../../../src/demos/chat/network/chat-network.js";

export function stateOf(network: ChatNetwork) {
  const users = [...network.users()].map((user) => ({ ...user.record, away: user.away }));
  const rooms = [...network.rooms()].map((room) => ({
    ...{ name: room.name, createdAt: room.createdAt, key: room.key, limit: room.limit },
    ...{ topic: room.topic, flags: [...room.flags].sort() },
    masks: Object.entries(room.masks).map(([letter, masks]) => [letter, [...masks.keys()].sort()]),
    members: [...room.members.values()]
      .map((member) => `${member.sign(true)} ${member.user.id}`)
      .sort(),
  }));
  return {
    users: users.sort((a, b) => (a.id < b.id ? -1 : 1)),
    rooms: rooms.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
