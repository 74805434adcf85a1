/** The moment when a connection becomes a user, and what it is told then. */
import { perform } from "../acts/apply-act.js";
import type { Client } from "../client.js";
import { sendSupport, VERSION } from "./support.js";
import { sendLusers, sendMotd } from "./welcome.js";

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
