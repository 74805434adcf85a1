/** MODE: of a room (room-mode.ts), or of oneself: i (hidden), o (operator) and w (wallops). */
import type { Client } from "../client.js";
import type { User } from "../state.js";
import { roomMode } from "./room-mode.js";

export function mode(
  client: Client,
  [target = "", ...params]: readonly string[],
  user: User,
): void {
  const { world } = client;
  if (target.startsWith("#")) {
    const room = world.room(target);
    if (room === undefined) client.reply("ERR_NOSUCHCHANNEL", target);
    else roomMode(client, room, params, user);
    return;
  }
  const whom = world.userByNick(target);
  if (whom === undefined) client.reply("ERR_NOSUCHNICK", target);
  else if (whom !== user) client.reply("ERR_USERSDONTMATCH");
  else userMode(client, params, user);
}

function userMode(client: Client, [modes]: readonly string[], user: User): void {
  if (modes === undefined) {
    client.reply("RPL_UMODEIS", `+${lettersOf(user)}`);
    return;
  }
  const before = lettersOf(user);
  let isSet = true;
  let isAllKnown = true;
  for (const letter of modes) {
    if (letter === "+" || letter === "-") isSet = letter === "+";
    else isAllKnown = change(client, user, letter, isSet) && isAllKnown;
  }
  if (!isAllKnown) client.reply("ERR_UMODEUNKNOWNFLAG");
  tellUserModes(client, user, before);
}

function change({ world }: Client, user: User, letter: string, isSet: boolean): boolean {
  if (letter === "i") world.setInvisible(user, isSet);
  else if (letter === "w") user.hasWallops = isSet;
  // Only OPER makes an operator; to ask for it here is no error (RFC 2812 §3.1.5).
  else if (letter === "o") world.setOperator(user, user.isOperator && isSet);
  else return false;
  return true;
}

/** Tells a user what has become of its modes. @param before as `lettersOf` had them. */
export function tellUserModes(client: Client, user: User, before: string): void {
  const after = lettersOf(user);
  const added = [...after].filter((letter) => !before.includes(letter)).join("");
  const removed = [...before].filter((letter) => !after.includes(letter)).join("");
  const text = (added === "" ? "" : `+${added}`) + (removed === "" ? "" : `-${removed}`);
  if (text !== "") client.send(`:${user.mask} MODE ${user.nick} :${text}`);
}

export function lettersOf(user: User): string {
  const { isInvisible, isOperator, hasWallops } = user;
  return (isInvisible ? "i" : "") + (isOperator ? "o" : "") + (hasWallops ? "w" : "");
}
