/** What this server tells clients that it is able to do (RPL_ISUPPORT). */
import type { Client } from "../client.js";
import {
  KEY_LENGTH,
  MODES_MAX,
  NICK_LENGTH,
  REASON_LENGTH,
  ROOM_NAME_LENGTH,
  TOPIC_LENGTH,
  USERNAME_LENGTH,
} from "../limits.js";
import type { World } from "../world.js";

export const VERSION: string = "socket-reactor-chat-1";
/** Beside the nickname and the text a message has room for 13. */
const TOKENS_PER_LINE = 12;
const TARGETED = ["KICK", "LIST", "NAMES", "NOTICE", "PRIVMSG", "WHOIS"];

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
    "ELIST=CMNTU",
    "SAFELIST",
    "UTF8ONLY",
    `TARGMAX=JOIN:,PART:,${TARGETED.map((name) => `${name}:${targetsMax}`).join()}`,
  ];
}
