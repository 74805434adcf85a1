/**
 * What outlives a page: the nickname for the next visit, and for a reload of this tab also the rooms.
 * Where the browser keeps nothing, everything works but this.
 */

const NICK = "socket-reactor-chat-nick";
const VISIT = "socket-reactor-chat-visit";

export function rememberedNick() {
  return attempt(() => localStorage.getItem(NICK)) ?? "";
}

export function rememberNick(nick) {
  attempt(() => localStorage.setItem(NICK, nick));
}

/** @returns {{ nick: string, rooms: string[] } | undefined} what was here before a reload */
export function rememberedVisit() {
  const visit = attempt(() => JSON.parse(sessionStorage.getItem(VISIT) ?? "null"));
  if (typeof visit?.nick !== "string" || !Array.isArray(visit.rooms)) return undefined;
  return { nick: visit.nick, rooms: visit.rooms.filter((name) => typeof name === "string") };
}

let lastVisit = "";

/** @param {{ nick: string, rooms: string[] } | undefined} visit */
export function rememberVisit(visit) {
  const text = JSON.stringify(visit ?? null);
  if (text === lastVisit) return; // asked for often, written seldom
  lastVisit = text;
  attempt(() => sessionStorage.setItem(VISIT, text));
}

function attempt(use) {
  try {
    return use();
  } catch {
    return undefined; // a browser may forbid it, or be full
  }
}
