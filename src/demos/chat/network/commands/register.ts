/** The moment when a connection becomes a user, and what it is told then. */
import { perform } from "../acts/apply-act.js";
import type { Client } from "../client.js";
import {
  KEY_LENGTH,
  MODES_MAX,
  NICK_LENGTH,
  REALNAME_LENGTH,
  REASON_LENGTH,
  ROOM_NAME_LENGTH,
  TOPIC_LENGTH,
  USERNAME_LENGTH,
} from "../limits.js";
import type { World } from "../world.js";
import { sendLusers, sendMotd } from "./server-info.js";

export const VERSION: string = "socket-reactor-chat-1";
/** On one line beside the prefix (RFC 2812 has 15 parameters). */
const TOKENS_PER_LINE = 12;

/** Registers a connection that has said all it must, and does nothing for any other. */
export function registerIfComplete(client: Client): void {
  const { world, wantedNick, username } = client;
  if (client.user !== undefined || client.isClosed || client.isNegotiating) return;
  if (wantedNick === undefined || username === undefined) return;
  if (!client.hasPassword) {
    client.reply("ERR_PASSWDMISMATCH");
    client.end("Password incorrect");
    return;
  }
  if (world.localUsers >= world.limits.usersMax) {
    client.end("Server is full");
    return;
  }
  // Another one may have taken it while this one was on its way.
  if (world.userByNick(wantedNick) !== undefined) {
    client.wantedNick = undefined;
    client.reply("ERR_NICKNAMEINUSE", wantedNick);
    return;
  }
  const id = world.nextUserId();
  const at = world.now();
  const { host } = client;
  const realname = client.realname === "" ? wantedNick : client.realname;
  perform(
    world,
    { act: "enter", user: { id, nick: wantedNick, username, host, realname, at } },
    client,
  );
  client.user = world.users.get(id);
  world.unregistered -= 1;
  welcome(client);
}

function welcome(client: Client): void {
  const { world } = client;
  const { serverName, networkName } = world;
  const created = new Date(world.startedAt).toUTCString();
  client.reply(
    "RPL_WELCOME",
    `Welcome to the ${networkName} Network, ${client.user?.mask ?? client.nick}`,
  );
  client.reply("RPL_YOURHOST", `Your host is ${serverName}, running version ${VERSION}`);
  client.reply("RPL_CREATED", `This server was created ${created}`);
  client.reply("RPL_MYINFO", serverName, VERSION, "iow", "Ibeiklmnostv", "Ibeklov");
  sendSupport(client);
  sendLusers(client);
  sendMotd(client);
}

/** What this server is able to do (RPL_ISUPPORT). */
export function sendSupport(client: Client): void {
  const tokens = supportOf(client.world);
  for (let at = 0; at < tokens.length; at += TOKENS_PER_LINE) {
    client.reply("RPL_ISUPPORT", ...tokens.slice(at, at + TOKENS_PER_LINE));
  }
}

function supportOf({ networkName, limits }: World): string[] {
  const { targetsMax, roomsPerUserMax, masksMax } = limits;
  return [
    `NETWORK=${networkName}`,
    "CASEMAPPING=ascii",
    "CHANTYPES=#",
    "CHANMODES=Ibe,k,l,imnst",
    "PREFIX=(ov)@+",
    `MODES=${MODES_MAX}`,
    `MAXLIST=Ibe:${masksMax}`,
    "EXCEPTS=e",
    "INVEX=I",
    `CHANLIMIT=#:${roomsPerUserMax}`,
    `NICKLEN=${NICK_LENGTH}`,
    `USERLEN=${USERNAME_LENGTH}`,
    `CHANNELLEN=${ROOM_NAME_LENGTH}`,
    `TOPICLEN=${TOPIC_LENGTH}`,
    `KICKLEN=${REASON_LENGTH}`,
    `AWAYLEN=${REASON_LENGTH}`,
    `KEYLEN=${KEY_LENGTH}`,
    `NAMELEN=${REALNAME_LENGTH}`,
    "ELIST=CMNTU",
    "SAFELIST",
    "UTF8ONLY",
    `TARGMAX=JOIN:,KICK:${targetsMax},NAMES:${targetsMax},NOTICE:${targetsMax},PART:,PRIVMSG:${targetsMax},WHOIS:${targetsMax}`,
  ];
}
