/** What the server says of itself: VERSION, TIME, ADMIN, INFO, LINKS, STATS, MOTD. */
import type { Client } from "../client.js";
import { sendSupport, VERSION } from "./support.js";
import { sendMotd } from "./welcome.js";

export const SERVER_INFO: string = "A chat on socket-reactor";
const DAY_S = 86_400;
const INFO: readonly string[] = [
  "A chat server on socket-reactor: sockets and readiness for Node.js.",
  "IRC clients, browsers and bare sockets meet in the same rooms.",
  "Type HELP for the commands.",
];

export function version(client: Client, [server]: readonly string[]): void {
  if (!isHere(client, server)) return;
  client.reply("RPL_VERSION", VERSION, client.world.serverName, SERVER_INFO);
  sendSupport(client);
}

export function time(client: Client, [server]: readonly string[]): void {
  const { now, serverName } = client.world;
  if (isHere(client, server)) client.reply("RPL_TIME", serverName, new Date(now()).toUTCString());
}

export function admin(client: Client, [server]: readonly string[]): void {
  if (!isHere(client, server)) return;
  const { serverName, networkName } = client.world;
  client.reply("RPL_ADMINME", serverName);
  client.reply("RPL_ADMINLOC1", SERVER_INFO);
  client.reply("RPL_ADMINLOC2", `${serverName}, a server of ${networkName}`);
  client.reply("RPL_ADMINEMAIL", "Ask whoever started it");
}

export function info(client: Client, [server]: readonly string[]): void {
  if (!isHere(client, server)) return;
  const { startedAt } = client.world;
  for (const line of INFO) client.reply("RPL_INFO", line);
  client.reply("RPL_INFO", `On-line since ${new Date(startedAt).toUTCString()}`);
  client.reply("RPL_ENDOFINFO");
}

export function links(client: Client): void {
  const { serverName, servers } = client.world;
  client.reply("RPL_LINKS", serverName, serverName, `0 ${SERVER_INFO}`);
  for (const id of servers.keys()) client.reply("RPL_LINKS", id, serverName, `1 ${SERVER_INFO}`);
  client.reply("RPL_ENDOFLINKS", "*");
}

export function stats(client: Client, [letter = "", server]: readonly string[]): void {
  if (!isHere(client, server)) return;
  const { now, startedAt } = client.world;
  if (letter === "u") {
    const up = Math.max(0, Math.floor((now() - startedAt) / 1000));
    const two = (n: number): string => String(Math.floor(n)).padStart(2, "0");
    const clock = `${two((up % DAY_S) / 3600)}:${two((up % 3600) / 60)}:${two(up % 60)}`;
    client.reply("RPL_STATSUPTIME", `Server Up ${Math.floor(up / DAY_S)} days ${clock}`);
  }
  client.reply("RPL_ENDOFSTATS", letter);
}

export function motd(client: Client, [server]: readonly string[]): void {
  if (isHere(client, server)) sendMotd(client);
}

/** Who asks another server is told that there is none: each answers for itself. */
function isHere(client: Client, server: string | undefined): boolean {
  if (server === undefined || server === "" || client.world.isServerOrNick(server)) return true;
  client.reply("ERR_NOSUCHSERVER", server);
  return false;
}
