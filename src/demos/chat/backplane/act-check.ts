/**
 * Is what came over the backplane an act, and may its sender do it? Whoever may publish on the
 * channel can write anything there, so that nothing is believed: not a type, not a length, not a
 * user of another server.
 *
 * Here is what the types promise of an act, and whose it is; network/check-act.ts knows what may
 * stand in a line. Whether it makes sense (is the user in the room?) is settled when it is applied.
 * The acts that are handed on are new objects with the known fields alone.
 */
import type { Act, ModeChange, UserRecord } from "../network/act.js";
import { isSoundAct, isUserId } from "../network/check-act.js";
import { usernameOf } from "../network/names.js";

/** Any text in UTF-16 units: what came in on a line of 512 bytes is no longer. */
export const ACT_TEXT_LENGTH_MAX = 512;
/** Changes in one "mode". A snapshot that has more in one room tells them in several acts. */
export const ACT_CHANGES_MAX = 256;
/** The last moment of the year 9999: after it, ISO 8601 has no agreed form. */
const TIME_MAX = 253_402_300_799_999;

const SERVER_ID = /^[0-9a-z]{1,8}$/;

type Fields = Readonly<Record<string, unknown>>;

export function isServerId(value: unknown): value is string {
  return typeof value === "string" && SERVER_ID.test(value);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @returns undefined for what is no act, or not one that `server` may do. */
export function checkAct(value: unknown, server: string): Act | undefined {
  if (!isFields(value) || !isText(value["act"])) return undefined;
  const check = Object.hasOwn(CHECKS, value["act"]) ? CHECKS[value["act"]] : undefined;
  const act = check?.(value, server);
  // Nobody has the empty id: that an act is not one of ours is known from its sender already.
  return act !== undefined && isSoundAct(act, "") ? act : undefined;
}

type Check = (fields: Fields, server: string) => Act | undefined;

const CHECKS: Readonly<Record<string, Check>> = {
  enter({ user }, server) {
    const record = isFields(user) ? checkUser(user, server) : undefined;
    return record && { act: "enter", user: record };
  },
  rename({ user, nick }, server) {
    return isOwn(user, server) && isText(nick) ? { act: "rename", user, nick } : undefined;
  },
  join({ user, room, privileges, at }, server) {
    if (!isOwn(user, server) || !isText(room) || !isText(privileges) || !isTime(at)) {
      return undefined;
    }
    return { act: "join", user, room, privileges, at };
  },
  part({ user, room, reason }, server) {
    if (!isOwn(user, server) || !isText(room) || !isText(reason)) return undefined;
    return { act: "part", user, room, reason };
  },
  kick({ user, room, whom, reason }, server) {
    if (!isOwn(user, server) || !isText(room) || !isUserId(whom) || !isText(reason)) {
      return undefined;
    }
    return { act: "kick", user, room, whom, reason };
  },
  say({ user, to, text, isNotice, at }, server) {
    if (!isOwn(user, server) || !isText(to) || !isText(text) || !isTime(at)) return undefined;
    return typeof isNotice === "boolean" ? { act: "say", user, to, text, isNotice, at } : undefined;
  },
  topic({ by, room, text, at }) {
    if (!isText(by) || !isText(room) || !isText(text) || !isTime(at)) return undefined;
    return { act: "topic", by, room, text, at };
  },
  mode({ user, room, changes }, server) {
    if (!isOwn(user, server) || !isText(room) || !Array.isArray(changes)) return undefined;
    if (changes.length > ACT_CHANGES_MAX) return undefined;
    const checked = changes.map(checkChange);
    if (!checked.every((change) => change !== undefined)) return undefined;
    return { act: "mode", user, room, changes: checked };
  },
  invite({ user, room, whom }, server) {
    if (!isOwn(user, server) || !isText(room) || !isUserId(whom)) return undefined;
    return { act: "invite", user, room, whom };
  },
  away({ user, reason }, server) {
    if (!isOwn(user, server) || !(reason === undefined || isText(reason))) return undefined;
    return { act: "away", user, reason };
  },
  wallops({ user, text }, server) {
    return isOwn(user, server) && isText(text) ? { act: "wallops", user, text } : undefined;
  },
  kill({ user, whom, reason }, server) {
    if (!isOwn(user, server) || !isUserId(whom) || !isText(reason)) return undefined;
    return { act: "kill", user, whom, reason };
  },
  quit({ user, reason }, server) {
    return isOwn(user, server) && isText(reason) ? { act: "quit", user, reason } : undefined;
  },
} satisfies Record<Act["act"], Check>;

function checkUser(fields: Fields, server: string): UserRecord | undefined {
  const { id, nick, username, host, realname, at } = fields;
  if (!isOwn(id, server) || !isText(nick) || !isText(host)) return undefined;
  if (!isText(username) || username !== usernameOf(username)) return undefined;
  return isText(realname) && isTime(at) ? { id, nick, username, host, realname, at } : undefined;
}

function checkChange(value: unknown): ModeChange | undefined {
  if (!isFields(value)) return undefined;
  const { isSet, letter, argument } = value;
  if (typeof isSet !== "boolean" || !isText(letter)) return undefined;
  if (argument === undefined) return { isSet, letter };
  return isText(argument) ? { isSet, letter, argument } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= ACT_TEXT_LENGTH_MAX;
}

/** A server acts for its own users alone. */
function isOwn(value: unknown, server: string): value is string {
  return isUserId(value) && value.startsWith(`${server}.`);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= TIME_MAX;
}
