/** OPER, KILL and WALLOPS: those whom the server's owner trusts. */
import { perform } from "../acts/apply-act.js";
import type { Client } from "../client.js";
import { OPER_FAILURES_MAX, REASON_LENGTH } from "../limits.js";
import { isSameSecret } from "../secret.js";
import type { User } from "../state.js";
import { cutBytes } from "../text.js";
import { lettersOf, tellUserModes } from "./mode.js";

export function oper(
  client: Client,
  [name = "", password = ""]: readonly string[],
  user: User,
): void {
  const { world } = client;
  if (world.operators.size === 0) {
    client.reply("ERR_NOOPERHOST");
    return;
  }
  const wanted = world.operators.get(name);
  if (wanted === undefined || !isSameSecret(password, wanted)) {
    client.reply("ERR_PASSWDMISMATCH");
    client.operFailures += 1;
    if (client.operFailures >= OPER_FAILURES_MAX) client.end("Too many wrong passwords");
    return;
  }
  const before = lettersOf(user);
  world.setOperator(user, true);
  client.reply("RPL_YOUREOPER");
  tellUserModes(client, user, before);
}

export function kill(
  client: Client,
  [nick = "", reason = ""]: readonly string[],
  user: User,
): void {
  const { world } = client;
  const whom = world.userByNick(nick);
  if (!user.isOperator) client.reply("ERR_NOPRIVILEGES");
  else if (whom === undefined) client.reply("ERR_NOSUCHNICK", nick);
  else {
    const said = cutBytes(reason === "" ? "No reason given" : reason, REASON_LENGTH);
    perform(world, { act: "kill", user: user.id, whom: whom.id, reason: said });
  }
}

export function wallops(client: Client, [text = ""]: readonly string[], user: User): void {
  if (!user.isOperator) client.reply("ERR_NOPRIVILEGES");
  else perform(client.world, { act: "wallops", user: user.id, text });
}
