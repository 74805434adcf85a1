/** CAP: what a client and this server agree on beyond RFC 1459 (IRCv3 capability negotiation). */
import { CAPABILITIES, type Client } from "../client.js";
import { registerIfComplete } from "./register.js";

export function cap(client: Client, [subcommand = "", argument = ""]: readonly string[]): void {
  switch (subcommand.toUpperCase()) {
    case "LS":
      start(client);
      // From 302 on a client is told of changes, without asking and for good. There are none.
      if (Number.parseInt(argument, 10) >= 302) {
        client.hasCap302 = true;
        client.setCapability("cap-notify", true);
      }
      answer(client, "LS", CAPABILITIES.join(" "));
      return;
    case "LIST":
      answer(client, "LIST", [...client.capabilities].sort().join(" "));
      return;
    case "REQ":
      start(client);
      request(client, argument);
      return;
    case "END":
      client.isNegotiating = false;
      registerIfComplete(client);
      return;
    default:
      client.reply("ERR_INVALIDCAPCMD", subcommand);
      return;
  }
}

function start(client: Client): void {
  client.hasUsedCap = true;
  if (client.user === undefined) client.isNegotiating = true;
}

/** All that is asked for, or nothing. */
function request(client: Client, argument: string): void {
  const wanted = argument.split(" ").filter((word) => word !== "");
  const isPossible = wanted.every(
    (word) =>
      CAPABILITIES.includes(word.replace(/^-/, "")) &&
      !(client.hasCap302 && word === "-cap-notify"),
  );
  if (isPossible) {
    for (const word of wanted) client.setCapability(word.replace(/^-/, ""), !word.startsWith("-"));
  }
  answer(client, isPossible ? "ACK" : "NAK", argument);
}

function answer(client: Client, subcommand: string, text: string): void {
  client.sendFromServer(`CAP ${client.nick} ${subcommand} :${text}`);
}
