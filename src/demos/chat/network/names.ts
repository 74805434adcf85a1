/**
 * Names of people, rooms and masks: which are names, and which are the same. Letters of any script
 * are letters; two names that differ only in case or in the width of their letters are one name.
 */
import {
  HOST_LENGTH,
  KEY_LENGTH,
  MASK_LENGTH,
  NICK_BYTES_MAX,
  NICK_LENGTH,
  ROOM_NAME_BYTES_MAX,
  ROOM_NAME_LENGTH,
  USERNAME_LENGTH,
} from "./limits.js";
import { byteLength, cutBytes } from "./text.js";

/** RFC 1459 §2.3.1, with all letters there are. */
const NICK = /^[\p{L}[\]\\`_^{|}][\p{L}\p{M}\p{N}[\]\\`_^{|}-]*$/u;
/** No blanks, controls, marks of direction or what is not assigned; the comma separates names. */
const ROOM_NAME = /^#[^\p{C}\p{Z},]+$/u;
/** What nobody sees, and the Braille blank: with them two names could look the same. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\u2800]/u;
/** Nicknames that the network gives: see `guestNick`. */
const GUEST = /^guest-[0-9a-z]+-\d+$/;

/**
 * How a name is compared, and kept in tables. The Greek sigma has a second small letter, which
 * toLowerCase takes at a word's end: where a name goes on, or a mask does, it would be another name.
 */
export function fold(name: string): string {
  if (isAscii(name)) return name.toLowerCase();
  return name.normalize("NFKC").toLowerCase().normalize("NFKC").replaceAll("ς", "σ");
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false;
  return true;
}

/** Whether a person may have this nickname, or has been given it. */
export function isNick(text: string): boolean {
  return isName(text, NICK, NICK_LENGTH, NICK_BYTES_MAX);
}

/** Names that are given and cannot be chosen, so that the one they are given to can have them. */
export function isGuestNick(nick: string): boolean {
  return GUEST.test(fold(nick));
}

/** Of the programs that keep passwords on other networks, where clients send them by themselves. */
export function isServiceNick(nick: string): boolean {
  return /^(?:auth|bot|chan|help|host|memo|nick|oper|sasl)serv$/.test(fold(nick));
}

/** What a user is called whose nickname belongs to an elder one: everybody thinks of the same. */
export function guestNick(userId: string): string {
  return `Guest-${userId.replace(".", "-")}`;
}

export function isRoomName(text: string): boolean {
  return isName(text, ROOM_NAME, ROOM_NAME_LENGTH, ROOM_NAME_BYTES_MAX);
}

function isName(text: string, pattern: RegExp, length: number, bytes: number): boolean {
  if (text.length > 2 * length || !pattern.test(text) || INVISIBLE.test(text)) return false;
  return [...text].length <= length && byteLength(text) <= bytes;
}

/** A username as others see it. "~" says that nobody has vouched for it. */
export function usernameOf(text: string): string {
  const clean = text.replace(/[^\p{L}\p{M}\p{N}._-]/gu, "");
  return cutBytes(`~${clean === "" ? "user" : clean}`, USERNAME_LENGTH);
}

/** A host as others see it: one word that is no last parameter, as "::1" would be. */
export function hostOf(text: string): string {
  const clean = text.replace(/[\p{C}\p{Z}!@]/gu, "");
  return cutBytes(clean === "" || clean.startsWith(":") ? `0${clean}` : clean, HOST_LENGTH);
}

export function isKey(text: string): boolean {
  return /^[^\p{C}\p{Z},:][^\p{C}\p{Z},]*$/u.test(text) && byteLength(text) <= KEY_LENGTH;
}

/**
 * A mask with all its three parts: "bob" means bob!*@*, "@host" means *!*@host.
 *
 * @returns undefined for what cannot be one.
 */
export function maskOf(text: string): string | undefined {
  if (!/^[^\p{C}\p{Z},]+$/u.test(text) || text.startsWith(":")) return undefined;
  const host = text.lastIndexOf("@");
  const left = host < 0 ? text : text.slice(0, host);
  const user = left.indexOf("!");
  const isHostAlone = host >= 0 && user < 0;
  const parts = [
    isHostAlone ? "" : user < 0 ? left : left.slice(0, user),
    isHostAlone ? left : user < 0 ? "" : left.slice(user + 1),
    host < 0 ? "" : text.slice(host + 1),
  ].map((part) => (part === "" ? "*" : part));
  const mask = `${parts[0]}!${parts[1]}@${parts[2]}`;
  return byteLength(mask) <= MASK_LENGTH ? mask : undefined;
}

/**
 * Whether a folded text fits a folded pattern of "*" and "?". Takes time of the product of both
 * lengths at worst: the last "*" alone is gone back to.
 */
export function matches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p;
      p += 1;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      resume += 1;
      t = resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}
