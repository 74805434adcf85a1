/**
 * What a server that joins has to be told: our users, and the rooms they are in. Only what is set
 * is told, so that two servers that tell each other end with the union of both.
 */
import type { Act, ModeChange } from "./act.js";
import { FLAG_LETTERS, MASK_LETTERS, type Room } from "./state.js";
import type { World } from "./world.js";

export function snapshotOf(world: World): Act[] {
  const acts: Act[] = [];
  for (const user of world.users.values()) {
    if (!user.isLocal) continue;
    acts.push({ act: "enter", user: user.record });
    if (user.away !== undefined) acts.push({ act: "away", user: user.id, reason: user.away });
  }
  for (const room of world.rooms.values()) acts.push(...roomActs(room));
  return acts;
}

function roomActs(room: Room): Act[] {
  const speaker = room.locals[0]?.user.id;
  if (speaker === undefined) return [];
  // Without privileges: who is the first in a room with "o" would open it with its usual modes.
  const acts: Act[] = room.locals.map(({ user }) => ({
    ...{ act: "join", user: user.id, room: room.name, privileges: "", at: room.createdAt },
  }));
  const changes = changesOf(room);
  if (changes.length > 0) acts.push({ act: "mode", user: speaker, room: room.name, changes });
  if (room.topic !== undefined) acts.push({ act: "topic", room: room.name, ...room.topic });
  return acts;
}

function changesOf(room: Room): ModeChange[] {
  const changes: ModeChange[] = [];
  const set = (letter: string, argument?: string): void => {
    changes.push({ isSet: true, letter, argument });
  };
  for (const letter of FLAG_LETTERS) if (room.flags.has(letter)) set(letter);
  for (const { user, isOperator, isVoiced } of room.locals) {
    if (isOperator) set("o", user.id);
    if (isVoiced) set("v", user.id);
  }
  if (room.key !== undefined) set("k", room.key);
  if (room.limit !== undefined) set("l", String(room.limit));
  for (const letter of MASK_LETTERS) {
    for (const { mask } of room.masks[letter].values()) set(letter, mask);
  }
  return changes;
}
