/** TOPIC, INVITE and KICK: what members and operators of a room do with it. */
import { perform } from "../acts/apply-act.js";
import type { Client } from "../client.js";
import { REASON_LENGTH, TOPIC_LENGTH } from "../limits.js";
import type { Room, User } from "../state.js";
import { cutBytes } from "../text.js";
import { sendTopic } from "./rooms.js";
import { allowedOf, listOf, tellSurplus } from "./targets.js";

export function topic(client: Client, [name = "", text]: readonly string[], user: User): void {
  const room = roomOfMember(client, name, user);
  if (room === undefined) return;
  if (text === undefined) {
    sendTopic(client, room);
  } else if (room.flags.has("t") && !room.isOperator(user)) {
    client.reply("ERR_CHANOPRIVSNEEDED", room.name);
  } else {
    const { world } = client;
    // Later than the one it replaces, whatever the clocks of two servers say.
    const at = Math.max(world.now(), (room.topic?.at ?? 0) + 1);
    const topic = { by: user.mask, room: room.name, text: cutBytes(text, TOPIC_LENGTH), at };
    perform(world, { act: "topic", ...topic });
  }
}

export function invite(
  client: Client,
  [nick = "", name = ""]: readonly string[],
  user: User,
): void {
  const { world } = client;
  const whom = world.userByNick(nick);
  if (whom === undefined) {
    client.reply("ERR_NOSUCHNICK", nick);
    return;
  }
  const room = roomOfMember(client, name, user);
  if (room === undefined) return;
  if (room.flags.has("i") && !room.isOperator(user)) {
    client.reply("ERR_CHANOPRIVSNEEDED", room.name);
  } else if (room.members.has(whom)) {
    client.reply("ERR_USERONCHANNEL", whom.nick, room.name);
  } else {
    client.reply("RPL_INVITING", whom.nick, room.name);
    if (whom.away !== undefined) client.reply("RPL_AWAY", whom.nick, whom.away);
    perform(world, { act: "invite", user: user.id, room: room.name, whom: whom.id });
  }
}

export function kick(
  client: Client,
  [name = "", nicks = "", reason = ""]: readonly string[],
  user: User,
): void {
  const { world } = client;
  const room = roomOfMember(client, name, user);
  if (room === undefined) return;
  if (!room.isOperator(user)) {
    client.reply("ERR_CHANOPRIVSNEEDED", room.name);
    return;
  }
  const said = cutBytes(reason === "" ? user.nick : reason, REASON_LENGTH);
  const wanted = listOf(nicks);
  for (const nick of allowedOf(client, wanted)) {
    const whom = world.userByNick(nick);
    if (whom === undefined) client.reply("ERR_NOSUCHNICK", nick);
    else if (!room.members.has(whom)) client.reply("ERR_USERNOTINCHANNEL", whom.nick, room.name);
    else {
      const act = { act: "kick", user: user.id, room: room.name, whom: whom.id } as const;
      perform(world, { ...act, reason: said });
    }
  }
  tellSurplus(client, wanted);
}

/** A room that the user is in; otherwise it is said what is wrong. */
function roomOfMember(client: Client, name: string, user: User): Room | undefined {
  const room = client.world.room(name);
  // Of a secret one nobody is told that it is there (RFC 2811 §4.2.6).
  if (!room?.isVisibleTo(user)) client.reply("ERR_NOSUCHCHANNEL", name);
  else if (!room.members.has(user)) client.reply("ERR_NOTONCHANNEL", room.name);
  else return room;
  return undefined;
}
