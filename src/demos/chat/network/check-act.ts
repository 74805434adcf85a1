/**
 * Whether an act of another server may be applied. Other servers are trusted to have asked whether
 * their users may do what they do, not to send what can stand in a line: one that is broken, or
 * of another version, must not break ours.
 */
import type { Act, ModeChange, UserRecord } from "./act.js";
import { LINE_BYTES_MAX } from "./limits.js";
import { guestNick, hostOf, isGuestNick, isKey, isNick, isRoomName, maskOf } from "./names.js";
import { FLAG_LETTERS, serverOf } from "./state.js";
import { byteLength, hasLineBreaker } from "./text.js";

/** Changes of one act: a snapshot tells a room's modes in one. */
const CHANGES_MAX = 100_000;

/** @param serverId ours: what our own users did comes from nobody else. */
export function isSoundAct(act: Act, serverId: string): boolean {
  if (act.act === "enter") return isSoundUser(act.user) && serverOf(act.user.id) !== serverId;
  if (act.act !== "topic" && !isForeign(act.user, serverId)) return false;
  switch (act.act) {
    case "rename":
      return isNickOf(act.nick, act.user);
    case "join":
      return isRoomName(act.room) && isTime(act.at) && /^[ov]*$/.test(act.privileges);
    case "part":
    case "kick":
    case "kill":
    case "quit":
      return isText(act.reason);
    case "say":
      return isText(act.text) && isTime(act.at);
    case "topic":
      return isText(act.text) && isWord(act.by) && isTime(act.at);
    case "mode":
      return act.changes.length <= CHANGES_MAX && act.changes.every(isSoundChange);
    case "away":
      return act.reason === undefined || isText(act.reason);
    case "wallops":
      return isText(act.text);
    default:
      return act.act === "invite";
  }
}

function isForeign(userId: string, serverId: string): boolean {
  return isUserId(userId) && serverOf(userId) !== serverId;
}

function isSoundUser({ id, nick, username, host, realname, at }: UserRecord): boolean {
  if (!isUserId(id) || !isNickOf(nick, id) || !isTime(at) || !isText(realname)) return false;
  return isWord(username) && isWord(host) && host === hostOf(host);
}

function isSoundChange({ letter, argument, isSet }: ModeChange): boolean {
  if (FLAG_LETTERS.includes(letter)) return true;
  switch (letter) {
    case "o":
    case "v":
      return argument !== undefined && isUserId(argument);
    case "b":
    case "e":
    case "I":
      return argument !== undefined && maskOf(argument) === argument;
    case "k":
      return !isSet || (argument !== undefined && isKey(argument));
    case "l":
      return !isSet || (argument !== undefined && /^[1-9]\d{0,8}$/.test(argument));
    default:
      return false;
  }
}

export function isUserId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-z]{1,8}\.\d{1,15}$/.test(value);
}

/** A name that is given belongs to the one it is given to. */
function isNickOf(nick: string, userId: string): boolean {
  return isNick(nick) && (!isGuestNick(nick) || nick === guestNick(userId));
}

function isTime(at: number): boolean {
  // What Date can show: 8.64e15 would be its end.
  return Number.isFinite(at) && Math.abs(at) < 8e15;
}

function isText(text: string): boolean {
  return byteLength(text) <= LINE_BYTES_MAX && !hasLineBreaker(text);
}

function isWord(text: string): boolean {
  return /^[^\s:][^\s]*$/.test(text) && isText(text);
}
