/** All commands there are: what each must be given, who may use it, and what does it. */
import { type Command, forUsers, open } from "../command.js";
import { cap } from "./capability.js";
import { away, notice, privmsg } from "./messages.js";
import { error, nick, pass, ping, pong, quit, user } from "./registration.js";
import { join, names, part } from "./rooms.js";

export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["CAP", open(1, cap)],
  ["PASS", open(1, pass)],
  ["NICK", open(0, nick)],
  ["USER", open(4, user)],
  ["PING", open(0, ping)],
  ["PONG", open(0, pong)],
  ["ERROR", open(0, error)],
  ["QUIT", open(0, quit)],

  ["JOIN", forUsers(1, join)],
  ["PART", forUsers(1, part)],
  ["NAMES", forUsers(0, names)],

  ["PRIVMSG", forUsers(0, privmsg)],
  ["NOTICE", forUsers(0, notice)],
  ["AWAY", forUsers(0, away)],
]);
