/**
 * LIST: the rooms there are, with the conditions that ELIST=CMNTU names: `*mask*`, `!*mask*`, more
 * or fewer than n users (`>n`, `<n`), made or given a topic more or less than n minutes ago (`C>n`,
 * `C<n`, `T>n`, `T<n`). Names and masks are alternatives; all other conditions must hold.
 */
import type { Client } from "../client.js";
import { fold, matches } from "../names.js";
import type { Room, User } from "../state.js";
import { allowedOf, listOf, tellSurplus } from "./targets.js";

type Condition = (room: Room) => boolean;
const MINUTE_MS = 60_000;

export function list(
  client: Client,
  [first = "", second = ""]: readonly string[],
  user: User,
): void {
  const { world } = client;
  const { masks, conditions } = parse(listOf(`${first},${second}`), world.now());
  // Each is held against every room, which takes longer than anything else that one line can ask.
  const used = allowedOf(client, masks);
  const wanted = used.filter((mask) => !mask.startsWith("!")).map(fold);
  const unwanted = used.filter((mask) => mask.startsWith("!")).map((mask) => fold(mask.slice(1)));
  let left = world.limits.replyLinesMax;
  client.reply("RPL_LISTSTART", "Channel");
  for (const [name, room] of world.rooms) {
    if (!room.isVisibleTo(user) || !conditions.every((holds) => holds(room))) continue;
    if (wanted.length > 0 && !wanted.some((mask) => matches(mask, name))) continue;
    if (unwanted.some((mask) => matches(mask, name))) continue;
    if (left === 0) {
      client.reply("ERR_TOOMANYMATCHES", "LIST");
      break;
    }
    left -= 1;
    client.reply("RPL_LIST", room.name, String(room.members.size), room.topic?.text ?? "");
  }
  tellSurplus(client, masks);
  client.reply("RPL_LISTEND");
}

function parse(items: readonly string[], now: number) {
  const masks: string[] = [];
  const conditions: Condition[] = [];
  for (const item of items) {
    const condition = conditionOf(item, now);
    if (condition === undefined) masks.push(item);
    else conditions.push(condition);
  }
  return { masks, conditions };
}

function conditionOf(item: string, now: number): Condition | undefined {
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
