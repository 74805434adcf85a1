/** All commands there are: what each must be given, who may use it, and what does it. */
import { type Command, forUsers, open } from "../command.js";
import { cap } from "./capability.js";
import { help } from "./help.js";
import { list } from "./list.js";
import { away, notice, privmsg } from "./messages.js";
import { mode } from "./mode.js";
import { kill, oper, wallops } from "./operators.js";
import { error, nick, pass, ping, pong, quit, user } from "./registration.js";
import { invite, kick, topic } from "./room-care.js";
import { join, names, part } from "./rooms.js";
import { admin, info, links, motd, stats, time, version } from "./server-info.js";
import { sendLusers } from "./welcome.js";
import { ison, userhost, who } from "./who.js";
import { whois, whowas } from "./whois.js";

/** By name in capitals. Those with a minimum of 0 say themselves what they miss. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["CAP", open(1, cap)],
  ["PASS", open(1, pass)],
  ["NICK", open(0, nick)],
  ["USER", open(4, user)],
  ["PING", open(0, ping)],
  ["PONG", open(0, pong)],
  ["ERROR", open(0, error)],
  ["QUIT", open(0, quit)],
  ["HELP", open(0, help)],

  ["JOIN", forUsers(1, join)],
  ["PART", forUsers(1, part)],
  ["TOPIC", forUsers(1, topic)],
  ["NAMES", forUsers(0, names)],
  ["LIST", forUsers(0, list)],
  ["INVITE", forUsers(2, invite)],
  ["KICK", forUsers(2, kick)],
  ["MODE", forUsers(1, mode)],

  ["PRIVMSG", forUsers(0, privmsg)],
  ["NOTICE", forUsers(0, notice)],
  ["AWAY", forUsers(0, away)],

  ["WHO", forUsers(0, who)],
  ["WHOIS", forUsers(0, whois)],
  ["WHOWAS", forUsers(0, whowas)],
  ["USERHOST", forUsers(1, userhost)],
  ["ISON", forUsers(1, ison)],

  ["OPER", forUsers(2, oper)],
  ["KILL", forUsers(1, kill)],
  ["WALLOPS", forUsers(1, wallops)],

  ["LUSERS", forUsers(0, sendLusers)],
  ["MOTD", forUsers(0, motd)],
  ["VERSION", forUsers(0, version)],
  ["TIME", forUsers(0, time)],
  ["ADMIN", forUsers(0, admin)],
  ["INFO", forUsers(0, info)],
  ["LINKS", forUsers(0, links)],
  ["STATS", forUsers(1, stats)],
]);
