/**
 * Changes of a room's modes. Changes that change nothing are dropped, and those that are told are
 * split into lines that fit.
 *
 * The rule of the file: two servers that tell each other all they have set end with the same. So
 * what is there is only replaced by taking it away first, and of two keys or limits that meet the
 * same one wins on both sides.
 */
import type { Act, ModeChange } from "../act.js";
import { Broadcast } from "../broadcast.js";
import { LINE_BYTES_MAX } from "../limits.js";
import { fold } from "../names.js";
import { FLAG_LETTERS, isMaskLetter, type Room } from "../state.js";
import { tellRoom } from "../tell.js";
import { byteLength } from "../text.js";
import type { World } from "../world.js";

/** Rooms of servers that meet have the masks of all: up to so many times what one allows. */
const MASKS_MET_FACTOR = 8;

type ModeAct = Extract<Act, { readonly act: "mode" }>;

export function mode(world: World, act: ModeAct): void {
  const user = world.users.get(act.user);
  if (user !== undefined) changeModes(world, act, user.mask);
}

/** @param by who is shown to have done it: nick!username@host, or a server. */
export function changeModes(world: World, act: ModeAct, by: string): void {
  const room = world.room(act.room);
  if (room === undefined) return;
  const at = world.now();
  const told: ModeChange[] = [];
  for (const change of act.changes) {
    const effect = applyChange(world, room, change, { by, at });
    if (effect !== undefined) told.push(effect);
  }
  for (const words of modeLines(told, by, room.name)) {
    tellRoom(room, new Broadcast(`:${by} MODE ${room.name} ${words}`, at));
  }
}

type Doing = { readonly by: string; readonly at: number };

/** @returns the change as it is told, or undefined if there was none. */
function applyChange(
  world: World,
  room: Room,
  change: ModeChange,
  doing: Doing,
): ModeChange | undefined {
  const { letter } = change;
  if (FLAG_LETTERS.includes(letter)) return changeFlag(room, change);
  if (letter === "o" || letter === "v") return changePrivilege(world, room, change);
  if (isMaskLetter(letter)) {
    return changeMask(room, letter, change, { ...doing, masksMax: world.limits.masksMax });
  }
  if (letter === "k") return changeKey(room, change);
  if (letter === "l") return changeLimit(room, change);
  return undefined;
}

function changeFlag({ flags }: Room, { isSet, letter }: ModeChange): ModeChange | undefined {
  if (flags.has(letter) === isSet) return undefined;
  if (isSet) flags.add(letter);
  else flags.delete(letter);
  return { isSet, letter };
}

function changePrivilege(
  world: World,
  room: Room,
  { isSet, letter, argument = "" }: ModeChange,
): ModeChange | undefined {
  const user = world.users.get(argument);
  const membership = user === undefined ? undefined : room.members.get(user);
  if (user === undefined || membership === undefined) return undefined;
  const isOperator = letter === "o";
  if ((isOperator ? membership.isOperator : membership.isVoiced) === isSet) return undefined;
  if (isOperator) membership.isOperator = isSet;
  else membership.isVoiced = isSet;
  return { isSet, letter, argument: user.nick };
}

function changeMask(
  room: Room,
  letter: "b" | "e" | "I",
  { isSet, argument: mask = "" }: ModeChange,
  { by, at, masksMax }: Doing & { readonly masksMax: number },
): ModeChange | undefined {
  const masks = room.masks[letter];
  const folded = fold(mask);
  if (mask === "" || masks.has(folded) === isSet) return undefined;
  if (isSet && room.masksCount >= MASKS_MET_FACTOR * masksMax) return undefined;
  const argument = masks.get(folded)?.mask ?? mask;
  if (isSet) masks.set(folded, { mask, folded, by, at });
  else masks.delete(folded);
  room.masksVersion += 1;
  return { isSet, letter, argument };
}

function changeKey(room: Room, { isSet, letter, argument }: ModeChange): ModeChange | undefined {
  const old = room.key;
  if (!isSet) room.key = undefined;
  else if (argument !== undefined && (old === undefined || argument < old)) room.key = argument;
  if (room.key === old) return undefined;
  return { isSet, letter, argument: room.key ?? "*" };
}

function changeLimit(room: Room, { isSet, letter, argument }: ModeChange): ModeChange | undefined {
  const old = room.limit;
  if (!isSet) room.limit = undefined;
  else if (argument !== undefined) room.limit = Math.max(Number(argument), old ?? 0);
  if (room.limit === old) return undefined;
  return { isSet, letter, argument: room.limit === undefined ? undefined : String(room.limit) };
}

/** "+ov-k alice bob *", in as many lines as it takes. */
function modeLines(changes: readonly ModeChange[], by: string, room: string): string[] {
  const room0 = LINE_BYTES_MAX - byteLength(`:${by} MODE ${room} `);
  const lines: string[] = [];
  let letters = "";
  let words = "";
  let sign = "";
  const flush = (): void => {
    if (letters !== "") lines.push(letters + words);
    letters = words = sign = "";
  };
  for (const [index, { isSet, letter, argument }] of changes.entries()) {
    const next = changes[index + 1];
    const isReplaced = next?.letter === letter && !isSet && next.isSet;
    if (isReplaced && (letter === "k" || letter === "l")) continue;
    const word = argument === undefined ? "" : ` ${argument}`;
    if (byteLength(letters + words + word) + 2 > room0) flush();
    const wanted = isSet ? "+" : "-";
    letters += wanted === sign ? letter : wanted + letter;
    sign = wanted;
    words += word;
  }
  flush();
  return lines;
}
