/** Who and how many are here, and the message of the day: at the start and on demand. */
import type { Client } from "../client.js";

export function sendLusers(client: Client): void {
  const { world } = client;
  const { localUsers, localUsersMost, invisible, usersMost } = world;
  const all = world.users.size;
  const servers = world.servers.size + 1;
  const seen = all - invisible;
  client.reply(
    "RPL_LUSERCLIENT",
    `There are ${seen} users and ${invisible} invisible on ${servers} servers`,
  );
  client.reply("RPL_LUSEROP", String(world.operatorsOnline));
  client.reply("RPL_LUSERUNKNOWN", String(world.unregistered));
  client.reply("RPL_LUSERCHANNELS", String(world.rooms.size));
  client.reply("RPL_LUSERME", `I have ${localUsers} clients and ${servers - 1} servers`);
  const local = [String(localUsers), String(localUsersMost)];
  client.reply(
    "RPL_LOCALUSERS",
    ...local,
    `Current local users ${localUsers}, max ${localUsersMost}`,
  );
  const global = [String(all), String(usersMost)];
  client.reply("RPL_GLOBALUSERS", ...global, `Current global users ${all}, max ${usersMost}`);
}

export function sendMotd(client: Client): void {
  const { motd, serverName } = client.world;
  if (motd.length === 0) {
    client.reply("ERR_NOMOTD");
    return;
  }
  client.reply("RPL_MOTDSTART", `- ${serverName} Message of the day - `);
  for (const line of motd) client.reply("RPL_MOTD", `- ${line}`);
  client.reply("RPL_ENDOFMOTD");
}
