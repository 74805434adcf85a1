/** Entering and leaving rooms, and what is seen of them: JOIN, PART, NAMES. */
import type { Act } from "../act.js";
import { perform } from "../acts/apply-act.js";
import { timeTag } from "../broadcast.js";
import type { Client } from "../client.js";
import { REASON_LENGTH } from "../limits.js";
import { isRoomName } from "../names.js";
import type { NumericName } from "../numerics.js";
import type { Room, User } from "../state.js";
import { cutBytes } from "../text.js";
import { allowedOf, listOf, tellSurplus } from "./targets.js";

export function join(client: Client, [names = "", keys = ""]: readonly string[], user: User): void {
  if (names === "0") {
    partAll(client, user);
    return;
  }
  const given = keys.split(",");
  let linesLeft = client.world.limits.replyLinesMax;
  for (const [index, name] of names.split(",").entries()) {
    const room = name === "" ? undefined : joinOne(client, user, name, given[index]);
    if (room !== undefined) linesLeft -= sendHistory(client, room, linesLeft);
  }
}

/** @returns the room, if it was entered. */
function joinOne(
  client: Client,
  user: User,
  name: string,
  key: string | undefined,
): Room | undefined {
  const { world } = client;
  const room = world.room(name);
  if (room?.members.has(user)) return undefined;
  const refusal = refusalOf(client, user, name, room, key);
  if (refusal !== undefined) {
    client.reply(refusal, name);
    return undefined;
  }
  const act: Act = {
    ...{ act: "join", user: user.id, room: room?.name ?? name },
    ...{ privileges: room === undefined ? "o" : "", at: world.now() },
  };
  perform(world, act);
  const joined = world.room(name);
  if (joined === undefined) return undefined;
  if (joined.topic !== undefined && joined.topic.text !== "") sendTopic(client, joined);
  sendNames(client, joined, user);
  return joined;
}

function refusalOf(
  { world: { rooms, limits } }: Client,
  user: User,
  name: string,
  room: Room | undefined,
  key: string | undefined,
): NumericName | undefined {
  if (!isRoomName(name)) return name.startsWith("#") ? "ERR_BADCHANMASK" : "ERR_NOSUCHCHANNEL";
  if (user.rooms.size >= limits.roomsPerUserMax) return "ERR_TOOMANYCHANNELS";
  if (room === undefined) {
    return rooms.size >= limits.roomsMax ? "ERR_UNAVAILRESOURCE" : undefined;
  }
  if (room.key !== undefined && key !== room.key) return "ERR_BADCHANNELKEY";
  if (room.limit !== undefined && room.members.size >= room.limit) return "ERR_CHANNELISFULL";
  if (room.flags.has("i") && !isInvited(user, room)) return "ERR_INVITEONLYCHAN";
  return room.bans(user) ? "ERR_BANNEDFROMCHAN" : undefined;
}

function isInvited(user: User, room: Room): boolean {
  return user.invites.has(room.ticket) || room.hasStandingInvitation(user);
}

export function part(
  client: Client,
  [names = "", reason = ""]: readonly string[],
  user: User,
): void {
  const { world } = client;
  for (const name of listOf(names)) {
    const room = world.room(name);
    if (room === undefined) client.reply("ERR_NOSUCHCHANNEL", name);
    else if (!user.rooms.has(room)) client.reply("ERR_NOTONCHANNEL", room.name);
    else {
      const said = cutBytes(reason, REASON_LENGTH);
      perform(world, { act: "part", user: user.id, room: room.name, reason: said });
    }
  }
}

/** `JOIN 0`. */
function partAll({ world }: Client, user: User): void {
  for (const room of [...user.rooms.keys()]) {
    perform(world, { act: "part", user: user.id, room: room.name, reason: "" });
  }
}

export function names(client: Client, [list = "*"]: readonly string[], user: User): void {
  const { world } = client;
  const wanted = listOf(list);
  for (const name of allowedOf(client, wanted)) {
    const room = world.room(name);
    if (room?.isVisibleTo(user)) sendNames(client, room, user);
    else client.reply("RPL_ENDOFNAMES", name);
  }
  tellSurplus(client, wanted);
}

function sendNames(client: Client, room: Room, user: User): void {
  const all = client.capabilities.has("multi-prefix");
  const isMember = room.members.has(user);
  const shown: string[] = [];
  for (const member of room.members.values()) {
    if (isMember || !member.user.isInvisible) shown.push(member.sign(all) + member.user.nick);
  }
  client.replyList("RPL_NAMREPLY", [room.isSecret ? "@" : "=", room.name], shown);
  client.reply("RPL_ENDOFNAMES", room.name);
}

export function sendTopic(client: Client, { name, topic }: Room): void {
  if (topic === undefined || topic.text === "") {
    client.reply("RPL_NOTOPIC", name);
    return;
  }
  client.reply("RPL_TOPIC", name, topic.text);
  client.reply("RPL_TOPICWHOTIME", name, topic.by, String(Math.floor(topic.at / 1000)));
}

/**
 * For who can tell old lines from new ones: as a batch (IRCv3 batch, type chathistory).
 *
 * @param linesMax the latest that are sent at most.
 * @returns how many were.
 */
function sendHistory(client: Client, { name, history }: Room, linesMax: number): number {
  const { capabilities } = client;
  if (!capabilities.has("batch") || !capabilities.has("server-time")) return 0;
  const lines = history.lines.slice(Math.max(0, history.lines.length - linesMax));
  if (lines.length === 0) return 0;
  const batch = client.nextBatch();
  client.sendFromServer(`BATCH +${batch} chathistory ${name}`);
  for (const { at, text } of lines) client.send(text, `@batch=${batch};time=${timeTag(at)} `);
  client.sendFromServer(`BATCH -${batch}`);
  return lines.length;
}
