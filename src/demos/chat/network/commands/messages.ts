/**
 * PRIVMSG, NOTICE and AWAY. A NOTICE is never answered, whatever is wrong with it, so that two
 * programs cannot answer one another for ever (RFC 1459 §4.4.2).
 */
import { perform } from "../acts/apply-act.js";
import type { Client } from "../client.js";
import { REASON_LENGTH } from "../limits.js";
import type { NumericName } from "../numerics.js";
import type { Room, User } from "../state.js";
import { cutBytes } from "../text.js";
import { allowedOf, listOf, tellSurplus } from "./targets.js";

export function privmsg(client: Client, params: readonly string[], user: User): void {
  say(client, params, user, false);
}

export function notice(client: Client, params: readonly string[], user: User): void {
  say(client, params, user, true);
}

function say(
  client: Client,
  [list = "", text = ""]: readonly string[],
  user: User,
  isNotice: boolean,
): void {
  const { world } = client;
  const refuse = (numeric: NumericName, ...params: string[]): void => {
    if (!isNotice) client.reply(numeric, ...params);
  };
  const targets = listOf(list);
  if (targets.length === 0) {
    refuse("ERR_NORECIPIENT", "No recipient given (PRIVMSG)");
    return;
  }
  if (text === "") {
    refuse("ERR_NOTEXTTOSEND");
    return;
  }
  for (const target of allowedOf(client, targets)) {
    const room = world.room(target);
    const whom = room === undefined ? world.userByNick(target) : undefined;
    if (room !== undefined && !maySpeak(room, user)) refuse("ERR_CANNOTSENDTOCHAN", room.name);
    else if (room === undefined && whom === undefined) {
      refuse(target.startsWith("#") ? "ERR_NOSUCHCHANNEL" : "ERR_NOSUCHNICK", target);
    } else {
      const to = room?.name ?? whom?.id ?? "";
      perform(world, { act: "say", user: user.id, to, text, isNotice, at: world.now() });
      if (whom?.away !== undefined) refuse("RPL_AWAY", whom.nick, whom.away);
    }
  }
  if (!isNotice) tellSurplus(client, targets);
}

function maySpeak(room: Room, user: User): boolean {
  const membership = room.members.get(user);
  if (membership === undefined) {
    return !room.flags.has("n") && !room.flags.has("m") && !room.bans(user);
  }
  if (membership.isOperator || membership.isVoiced) return true;
  return !room.flags.has("m") && !membership.isBannedFrom(room);
}

export function away(client: Client, [text = ""]: readonly string[], user: User): void {
  const reason = text === "" ? undefined : cutBytes(text, REASON_LENGTH);
  if (reason !== user.away) perform(client.world, { act: "away", user: user.id, reason });
  client.reply(reason === undefined ? "RPL_UNAWAY" : "RPL_NOWAWAY");
}
