/** WHOIS and WHOWAS: what is known of one. */
import type { Client } from "../client.js";
import type { User } from "../state.js";
import { SERVER_INFO } from "./server-info.js";
import { allowedOf, listOf } from "./targets.js";

/** `WHOIS nick`, or `WHOIS server-or-nick nick`: every server knows all there is to know. */
export function whois(client: Client, params: readonly string[], user: User): void {
  const { world } = client;
  const [first = "", second] = params;
  if (first === "") {
    client.reply("ERR_NONICKNAMEGIVEN");
    return;
  }
  if (second !== undefined && !world.isServerOrNick(first)) {
    client.reply("ERR_NOSUCHSERVER", first);
    return;
  }
  const list = second ?? first;
  for (const nick of allowedOf(client, listOf(list))) {
    const found = world.userByNick(nick);
    if (found === undefined) client.reply("ERR_NOSUCHNICK", nick);
    else sendWhois(client, found, user);
  }
  client.reply("RPL_ENDOFWHOIS", list);
}

function sendWhois(client: Client, found: User, user: User): void {
  const { world } = client;
  const { nick, username, host, realname } = found;
  client.reply("RPL_WHOISUSER", nick, username, host, "*", realname);
  const all = client.capabilities.has("multi-prefix");
  const rooms: string[] = [];
  for (const [room, membership] of found.rooms) {
    if (room.isVisibleTo(user)) rooms.push(membership.sign(all) + room.name);
  }
  client.replyList("RPL_WHOISCHANNELS", [nick], rooms);
  client.reply("RPL_WHOISSERVER", nick, world.serverNameOf(found), SERVER_INFO);
  if (found.away !== undefined) client.reply("RPL_AWAY", nick, found.away);
  if (found.isOperator) client.reply("RPL_WHOISOPERATOR", nick);
  const idle = Math.max(0, Math.floor((world.now() - found.spokeAt) / 1000));
  client.reply("RPL_WHOISIDLE", nick, String(idle), String(Math.floor(found.at / 1000)));
}

export function whowas(client: Client, [nick = "", count = ""]: readonly string[]): void {
  const { world } = client;
  if (nick === "") {
    client.reply("ERR_NONICKNAMEGIVEN");
    return;
  }
  const former = world.whowas.find(nick);
  const most = /^[1-9]\d{0,8}$/.test(count) ? Number(count) : former.length;
  if (former.length === 0) client.reply("ERR_WASNOSUCHNICK", nick);
  for (const { nick, username, host, realname, leftAt } of former.slice(0, most)) {
    client.reply("RPL_WHOWASUSER", nick, username, host, "*", realname);
    client.reply("RPL_WHOISSERVER", nick, world.serverName, new Date(leftAt).toUTCString());
  }
  client.reply("RPL_ENDOFWHOWAS", nick);
}
