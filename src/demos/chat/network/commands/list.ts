/**
 * LIST: the rooms there are, with the conditions that ELIST=CMNTU names: `*mask*`, `!*mask*`, more
 * or fewer than n users (`>n`, `<n`), made or given a topic more or less than n minutes ago (`C>n`,
 * `C<n`, `T>n`, `T<n`). Names and masks are alternatives; all other conditions must hold.
 */
import type { Client } from "../client.js";
import { fold, matches } from "../names.js";
import type { Room, User } from "../state.js";

type Condition = (room: Room) => boolean;
const MINUTE_MS = 60_000;

export function list(
  client: Client,
  [first = "", second = ""]: readonly string[],
  user: User,
): void {
  const { world } = client;
  const { wanted, conditions } = parse(first, second, world.now());
  let left = world.limits.replyLinesMax;
  client.reply("RPL_LISTSTART", "Channel");
  for (const [folded, room] of world.rooms) {
    const isWanted = wanted.length === 0 || wanted.some((mask) => matches(mask, folded));
    if (!isWanted || !room.isVisibleTo(user) || !conditions.every((holds) => holds(room))) continue;
    if (left === 0) {
      client.reply("ERR_TOOMANYMATCHES", "LIST");
      break;
    }
    left -= 1;
    client.reply("RPL_LIST", room.name, String(room.members.size), room.topic?.text ?? "");
  }
  client.reply("RPL_LISTEND");
}

function parse(first: string, second: string, now: number) {
  const wanted: string[] = [];
  const conditions: Condition[] = [];
  for (const item of [...first.split(","), ...second.split(",")]) {
    if (item === "") continue;
    const condition = conditionOf(item, now);
    if (condition === undefined) wanted.push(fold(item));
    else conditions.push(condition);
  }
  return { wanted, conditions };
}

function conditionOf(item: string, now: number): Condition | undefined {
  if (item.startsWith("!")) {
    const mask = fold(item.slice(1));
    return (room) => !matches(mask, fold(room.name));
  }
  const match = /^([CT]?)([<>])(\d{1,9})$/i.exec(item);
  if (match === null) return undefined;
  const [, kind = "", sign, digits] = match;
  const limit = Number(digits);
  const fits = (n: number): boolean => (sign === "<" ? n < limit : n > limit);
  const age = (at: number): number => (now - at) / MINUTE_MS;
  if (kind === "") return (room) => fits(room.members.size);
  if (kind.toUpperCase() === "C") return (room) => fits(age(room.createdAt));
  return ({ topic }) => topic !== undefined && topic.text !== "" && fits(age(topic.at));
}
