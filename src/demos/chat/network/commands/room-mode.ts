/**
 * MODE of a room: what is set, the lists of masks, and changes. A line is read from left to right;
 * letters that need an argument take the next one (RFC 2811 §4, RFC 2812 §3.2.3).
 */
import type { ModeChange } from "../act.js";
import { perform } from "../acts/apply-act.js";
import type { Client } from "../client.js";
import { MODES_MAX } from "../limits.js";
import { fold, isKey, maskOf } from "../names.js";
import {
  FLAG_LETTERS,
  isMaskLetter,
  MASK_LETTERS,
  type MaskLetter,
  type Room,
  type User,
} from "../state.js";

/** One MODE on its way. */
interface Editing {
  readonly client: Client;
  readonly room: Room;
  /** Those that are left. */
  readonly given: string[];
  readonly changes: ModeChange[];
}

type Edit = (editing: Editing, isSet: boolean, letter: string) => void;

const EDITS: ReadonlyMap<string, Edit> = new Map([
  ...FLAG_LETTERS.map((letter): [string, Edit] => [letter, editFlag]),
  ...MASK_LETTERS.map((letter): [string, Edit] => [letter, editMask]),
  ["o", editPrivilege],
  ["v", editPrivilege],
  ["k", editKey],
  ["l", editLimit],
]);

export function roomMode(
  client: Client,
  room: Room,
  [modes, ...given]: readonly string[],
  user: User,
): void {
  if (modes === undefined) {
    sendModes(client, room, user);
    return;
  }
  const editing = { client, room, given: given.slice(0, MODES_MAX), changes: [] };
  readModes(editing, modes, user, given.length > MODES_MAX);
  if (editing.changes.length === 0) return;
  perform(client.world, {
    ...{ act: "mode", user: user.id, room: room.name, changes: editing.changes },
  });
}

function readModes(editing: Editing, modes: string, user: User, isCut: boolean): void {
  const { client, room, given } = editing;
  const isOperator = room.isOperator(user);
  // What is answered once: a line full of one letter must not make a flood of answers.
  const answered = new Set<string>();
  const once = (key: string, answer: () => void): void => {
    if (!answered.has(key)) answer();
    answered.add(key);
  };
  let isSet = true;
  for (const letter of modes) {
    const edit = EDITS.get(letter);
    const needsArgument = !FLAG_LETTERS.includes(letter) && (isSet || letter !== "l");
    if (letter === "+" || letter === "-") isSet = letter === "+";
    else if (edit === undefined) once(letter, () => client.reply("ERR_UNKNOWNMODE", letter));
    else if (needsArgument && given.length === 0 && isCut) continue;
    else if (isMaskLetter(letter) && given.length === 0) {
      once(letter, () => sendMasks(client, room, letter));
    } else if (!isOperator) once("-", () => client.reply("ERR_CHANOPRIVSNEEDED", room.name));
    else edit(editing, isSet, letter);
  }
}

function editFlag({ changes, room }: Editing, isSet: boolean, letter: string): void {
  if (changes.some((change) => change.letter === letter) || room.flags.has(letter) !== isSet) {
    changes.push({ isSet, letter });
  }
}

function editPrivilege(editing: Editing, isSet: boolean, letter: string): void {
  const { client, room } = editing;
  const nick = editing.given.shift();
  if (nick === undefined) {
    refuse(editing, letter, "*", "A nickname is needed");
    return;
  }
  const whom = client.world.userByNick(nick);
  if (whom === undefined) client.reply("ERR_NOSUCHNICK", nick);
  else if (!room.members.has(whom)) client.reply("ERR_USERNOTINCHANNEL", whom.nick, room.name);
  else editing.changes.push({ isSet, letter, argument: whom.id });
}

function editMask(editing: Editing, isSet: boolean, letter: string): void {
  const { client, room, changes } = editing;
  const text = editing.given.shift() ?? "";
  const mask = maskOf(text);
  const more = changes.filter((change) => change.isSet && isMaskLetter(change.letter)).length;
  if (mask === undefined) refuse(editing, letter, text, "Not a mask");
  else if (!isSet || isKnownMask(room, letter, mask)) {
    changes.push({ isSet, letter, argument: mask });
  } else if (room.masksCount + more >= client.world.limits.masksMax) {
    client.reply("ERR_BANLISTFULL", room.name, letter);
  } else changes.push({ isSet, letter, argument: mask });
}

/** A key that is there is taken away first: see mode-act.ts. */
function editKey(editing: Editing, isSet: boolean, letter: string): void {
  const { client, room, changes } = editing;
  const key = editing.given.shift();
  if (!isSet) changes.push({ isSet, letter });
  else if (key === undefined) refuse(editing, letter, "*", "A key is needed");
  else if (!isKey(key)) client.reply("ERR_INVALIDKEY", room.name);
  else if (key !== room.key) {
    changes.push({ isSet: false, letter }, { isSet, letter, argument: key });
  }
}

function editLimit(editing: Editing, isSet: boolean, letter: string): void {
  const { room, changes } = editing;
  const text = isSet ? editing.given.shift() : undefined;
  if (!isSet) changes.push({ isSet, letter });
  else if (text === undefined || !/^0*[1-9]\d{0,8}$/.test(text)) {
    refuse(editing, letter, text ?? "*", "A number of 1 or more is needed");
  } else if (Number(text) !== room.limit) {
    changes.push({ isSet: false, letter }, { isSet, letter, argument: String(Number(text)) });
  }
}

function refuse({ client, room }: Editing, letter: string, given: string, why: string): void {
  client.reply("ERR_INVALIDMODEPARAM", room.name, letter, given, why);
}

function sendModes(client: Client, room: Room, user: User): void {
  const letters = [...room.flags].sort();
  const words: string[] = [];
  if (room.key !== undefined) {
    letters.push("k");
    words.push(room.members.has(user) ? room.key : "*");
  }
  if (room.limit !== undefined) {
    letters.push("l");
    words.push(String(room.limit));
  }
  client.reply("RPL_CHANNELMODEIS", room.name, `+${letters.join("")}`, ...words);
  client.reply("RPL_CREATIONTIME", room.name, String(Math.floor(room.createdAt / 1000)));
}

const MASK_REPLIES = {
  b: ["RPL_BANLIST", "RPL_ENDOFBANLIST"],
  e: ["RPL_EXCEPTLIST", "RPL_ENDOFEXCEPTLIST"],
  I: ["RPL_INVEXLIST", "RPL_ENDOFINVEXLIST"],
} as const;

function sendMasks(client: Client, room: Room, letter: MaskLetter): void {
  const [item, end] = MASK_REPLIES[letter];
  for (const { mask, by, at } of room.masks[letter].values()) {
    client.reply(item, room.name, mask, by, String(Math.floor(at / 1000)));
  }
  client.reply(end, room.name);
}

function isKnownMask(room: Room, letter: string, mask: string): boolean {
  return isMaskLetter(letter) && room.masks[letter].has(fold(mask));
}
