/**
 * Commands with which a connection introduces itself, in any order that clients have: PASS, CAP,
 * NICK and USER, and those that may come at any time.
 *
 * A person at a bare socket is served, too. Whoever has a nickname, has said neither USER nor CAP
 * and goes for a room has plainly no client that would send USER next: the JOIN stands for it. A
 * nickname alone must not, because clients send USER after it, and would be told 462.
 */
import { perform } from "../acts/apply-act.js";
import type { Client } from "../client.js";
import { REALNAME_LENGTH, REASON_LENGTH } from "../limits.js";
import type { Message } from "../message.js";
import { guestNick, isGuestNick, isNick, isRoomName, isServiceNick, usernameOf } from "../names.js";
import { isSameSecret } from "../secret.js";
import { cutBytes, withoutControls } from "../text.js";
import { registerIfComplete } from "./register.js";

const HINT = "To enter by hand: NICK yourname, then JOIN #room, then PRIVMSG #room :hello";

export function pass(client: Client, [password = ""]: readonly string[]): void {
  if (client.user !== undefined) {
    client.reply("ERR_ALREADYREGISTERED");
    return;
  }
  const { password: wanted } = client.world;
  client.hasPassword = wanted === undefined || isSameSecret(password, wanted);
}

export function nick(client: Client, [wanted = ""]: readonly string[]): void {
  const { world, user } = client;
  if (wanted === "") {
    client.reply("ERR_NONICKNAMEGIVEN");
    return;
  }
  const isOwnGuestNick = user !== undefined && wanted === guestNick(user.id);
  const isReserved = (isGuestNick(wanted) && !isOwnGuestNick) || isServiceNick(wanted);
  if (!isNick(wanted) || isReserved) {
    client.reply("ERR_ERRONEUSNICKNAME", wanted);
    return;
  }
  const owner = world.userByNick(wanted);
  if (owner !== undefined && owner !== user) {
    client.reply("ERR_NICKNAMEINUSE", wanted);
    return;
  }
  if (user === undefined) {
    client.wantedNick = wanted;
    registerIfComplete(client);
  } else if (wanted !== user.nick) {
    perform(world, { act: "rename", user: user.id, nick: wanted });
  }
}

export function user(client: Client, params: readonly string[]): void {
  if (client.user !== undefined || client.username !== undefined) {
    client.reply("ERR_ALREADYREGISTERED");
    return;
  }
  const [username = "", , , realname = ""] = params;
  client.username = usernameOf(username);
  client.realname = cutBytes(withoutControls(realname).trim(), REALNAME_LENGTH);
  registerIfComplete(client);
}

export function ping(client: Client, [token = ""]: readonly string[]): void {
  if (token === "") {
    client.reply("ERR_NOORIGIN");
    return;
  }
  client.sendFromServer(`PONG ${client.world.serverName} :${token}`);
}

/** That it came is enough: the transport sees every line. */
export function pong(): void {}

export function quit(client: Client, [reason]: readonly string[]): void {
  const said = cutBytes(reason ?? "", REASON_LENGTH);
  client.end(said === "" ? "Client quit" : `Quit: ${said}`);
}

/** An ERROR from a client is of no use to anybody. */
export function error(): void {}

/** @returns whether the message may go on: it was a person's JOIN, and the person is a user now. */
export function registerByHand(client: Client, { command, params }: Message): boolean {
  const isByHand =
    command === "JOIN" &&
    client.wantedNick !== undefined &&
    client.username === undefined &&
    !client.hasUsedCap &&
    (params[0] ?? "").split(",").every(isRoomName);
  if (!isByHand) return false;
  client.username = usernameOf(client.wantedNick ?? "");
  registerIfComplete(client);
  return client.user !== undefined;
}

/** Once, to somebody who types what no client would send before it has registered. */
export function hint(client: Client): void {
  if (client.wasHinted || client.hasUsedCap) return;
  client.wasHinted = true;
  client.notice(HINT);
}
