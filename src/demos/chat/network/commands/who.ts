/**
 * WHO, USERHOST and ISON. Hidden users (mode i) are found by who shares a room with them, or knows
 * their whole nickname.
 */
import type { Client } from "../client.js";
import { fold, matches } from "../names.js";
import type { Membership, User } from "../state.js";

/** RFC 2812 §4.8. */
const USERHOST_MAX = 5;

/** @param params a room, a nickname or a mask; then "o" for operators only. */
export function who(client: Client, params: readonly string[], user: User): void {
  const { world } = client;
  const [mask = "*", flag = ""] = params;
  let left = world.limits.replyLinesMax;
  for (const [found, room, membership] of search(client, mask === "0" ? "*" : mask, user)) {
    if (flag === "o" && !found.isOperator) continue;
    if (left === 0) {
      client.reply("ERR_TOOMANYMATCHES", "WHO", mask);
      break;
    }
    left -= 1;
    sendWho(client, found, room, membership);
  }
  client.reply("RPL_ENDOFWHO", mask);
}

type Found = readonly [user: User, room: string, membership: Membership | undefined];

function* search(client: Client, mask: string, user: User): Iterable<Found> {
  const { world } = client;
  if (mask.startsWith("#")) {
    const room = world.room(mask);
    if (!room?.isVisibleTo(user)) return;
    const isMember = room.members.has(user);
    for (const membership of room.members.values()) {
      const { user: member } = membership;
      if (isMember || !member.isInvisible) yield [member, room.name, membership];
    }
    return;
  }
  const exact = world.userByNick(mask);
  if (exact !== undefined) {
    yield [exact, "*", undefined];
    return;
  }
  const pattern = fold(mask);
  for (const other of world.users.values()) {
    const isMatch = other.foldedFields.some((field) => matches(pattern, field));
    if (isMatch && isSeen(other, user)) yield [other, "*", undefined];
  }
}

function isSeen(other: User, user: User): boolean {
  return other === user || !other.isInvisible || other.sharesRoomWith(user);
}

function sendWho(
  client: Client,
  user: User,
  room: string,
  membership: Membership | undefined,
): void {
  const { nick, username, host, realname } = user;
  const all = client.capabilities.has("multi-prefix");
  const here = user.away === undefined ? "H" : "G";
  const flags = here + (user.isOperator ? "*" : "") + (membership?.sign(all) ?? "");
  const server = client.world.serverNameOf(user);
  const text = `${user.isLocal ? 0 : 1} ${realname}`;
  client.reply("RPL_WHOREPLY", room, username, host, server, nick, flags, text);
}

export function userhost(client: Client, nicks: readonly string[]): void {
  const answers: string[] = [];
  for (const wanted of nicks.slice(0, USERHOST_MAX)) {
    const user = client.world.userByNick(wanted);
    if (user === undefined) continue;
    const { nick, username, host, isOperator, away } = user;
    const here = away === undefined ? "+" : "-";
    answers.push(`${nick}${isOperator ? "*" : ""}=${here}${username}@${host}`);
  }
  if (answers.length === 0) client.reply("RPL_USERHOST", "");
  else client.replyList("RPL_USERHOST", [], answers);
}

export function ison(client: Client, params: readonly string[]): void {
  const nicks = new Set<string>();
  for (const wanted of params.flatMap((param) => param.split(" "))) {
    const user = client.world.userByNick(wanted);
    if (user !== undefined) nicks.add(user.nick);
  }
  if (nicks.size === 0) client.reply("RPL_ISON", "");
  else client.replyList("RPL_ISON", [], nicks);
}
