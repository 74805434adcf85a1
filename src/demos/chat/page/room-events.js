/**
 * What happens in rooms and conversations, a function for each command and number: it changes the
 * rooms and writes the line that tells of it.
 */
import { fold } from "./irc-message.js";
import { actionOf, harmless, isOtherRequest, mentions } from "./irc-text.js";

/** Modes of a room that always come with a word. https://modern.ircdocs.horse/#channel-modes */
const MODES_WITH_ARGUMENT = "beIkov";

const PRIVILEGES = { o: "@", v: "+" };
const GAINS = { o: "is now an operator", v: "may now speak" };
const LOSSES = { o: "is no operator any more", v: "has lost its voice" };

/** By the server's clock, if it tells; else by ours. In milliseconds since 1970. */
function timeOf(message) {
  const at = Date.parse(message.tags.get("time") ?? "");
  return Number.isNaN(at) ? Date.now() : at;
}

/** @returns a line of the talk, or undefined if `message` is none. */
export function spokenLine(client, message) {
  const { command, nick, params } = message;
  const said = params[1] ?? "";
  if ((command !== "PRIVMSG" && command !== "NOTICE") || isOtherRequest(said)) return undefined;
  const action = actionOf(said);
  const kind = command === "NOTICE" ? "notice" : action === undefined ? "message" : "action";
  const text = harmless(action ?? said);
  const isOwn = client.isMe(nick);
  const isMention = !isOwn && mentions(text, client.nick);
  return { at: timeOf(message), kind, nick: harmless(nick), text, isOwn, isMention };
}

function onSpoken(client, message) {
  const line = spokenLine(client, message);
  if (line === undefined) return;
  const { rooms } = client;
  const target = (message.params[0] ?? "").replace(/^[@+]+/, ""); // "@#room": to its operators
  if (client.isRoomName(target)) {
    const room = rooms.find(target);
    room?.say(line);
    if (room && !line.isOwn) rooms.notify(room, line.isMention);
    return;
  }
  const isFromServer = !message.source.includes("!");
  if (isFromServer) (client.isRegistered ? rooms.active : rooms.server).say(line);
  else onPrivate(client, message, target, line);
}

function onPrivate({ rooms }, message, target, line) {
  const partner = line.isOwn ? target : message.nick;
  // A notice is often a program's answer: it does not open a conversation.
  const room =
    line.kind === "notice" ? (rooms.find(partner) ?? rooms.active) : rooms.open("private", partner);
  room.say(line);
  if (!line.isOwn) rooms.notify(room, true);
}

function onJoin(client, message) {
  const { nick, params } = message;
  const [name = ""] = params;
  const { rooms } = client;
  if (!client.isMe(nick)) {
    const room = rooms.find(name);
    room?.addMember(nick);
    room?.tell({ nick: harmless(nick), what: "joined" }, timeOf(message));
    return;
  }
  const room = rooms.open("room", name);
  const text = room.isWanted && room.lines.length > 0 ? "You are back" : "You have joined";
  room.name = name;
  room.arrive(text, timeOf(message));
  client.source = message.source;
  if (client.takeAsked(name)) rooms.show(room);
}

function onPart(client, message) {
  const room = client.rooms.find(message.params[0] ?? "");
  if (room === undefined) return;
  if (client.isMe(message.nick)) {
    client.rooms.close(room);
    return;
  }
  room.removeMember(message.nick);
  room.tell(goneEvent(message.nick, message.params[1]), timeOf(message));
}

function goneEvent(nick, reason = "") {
  const event = { nick: harmless(nick), what: "left" };
  return reason === "" ? event : { ...event, what: "left:", other: harmless(reason) };
}

function onQuit({ rooms }, message) {
  const event = goneEvent(message.nick, message.params[0]);
  for (const room of rooms.all()) {
    const isPartner = room.kind === "private" && fold(room.name) === fold(message.nick);
    if (room.removeMember(message.nick) || isPartner) room.tell(event, timeOf(message));
  }
}

function onNick({ rooms }, message) {
  const newNick = message.params[0] ?? "";
  const event = { nick: harmless(message.nick), what: "is now", other: harmless(newNick) };
  rooms.rename(message.nick, newNick);
  for (const room of rooms.all()) {
    const isPartner = room.kind === "private" && fold(room.name) === fold(newNick);
    if (room.hasMember(message.nick)) room.renameMember(message.nick, newNick);
    else if (!isPartner) continue;
    room.tell(event, timeOf(message));
  }
}

function onKick(client, message) {
  const [name = "", whom = "", reason = ""] = message.params;
  const room = client.rooms.find(name);
  if (room === undefined) return;
  const by = harmless(message.nick);
  room.removeMember(whom);
  if (!client.isMe(whom)) {
    const other = reason === "" ? by : `${by} (${harmless(reason)})`;
    room.tell({ nick: harmless(whom), what: "was put out by", other }, timeOf(message));
    return;
  }
  room.leave();
  room.isWanted = false;
  room.say({ kind: "error", text: `${by} has put you out: ${harmless(reason)}` });
  client.rooms.notify(room, true);
}

function onMode(client, message) {
  const [name = "", letters = "", ...words] = message.params;
  const room = client.rooms.find(name);
  if (room === undefined || room.kind !== "room") return;
  const by = harmless(message.nick);
  let isSet = true;
  for (const letter of letters) {
    if (letter === "+" || letter === "-") {
      isSet = letter === "+";
      continue;
    }
    const takes = MODES_WITH_ARGUMENT.includes(letter) || (letter === "l" && isSet);
    const word = takes ? (words.shift() ?? "") : "";
    if (PRIVILEGES[letter] !== undefined) {
      room.setPrivilege(word, PRIVILEGES[letter], isSet);
      const what = (isSet ? GAINS : LOSSES)[letter];
      room.tell({ nick: harmless(word), what: `${what}, says`, other: by }, timeOf(message));
    } else {
      if (letter === "k") room.key = isSet ? word : "";
      const other = `${isSet ? "+" : "-"}${letter} ${harmless(word)}`.trim();
      room.tell({ nick: by, what: "set the mode", other }, timeOf(message));
    }
  }
}

function onTopic({ rooms }, message) {
  const room = rooms.find(message.params[0] ?? "");
  if (room === undefined) return;
  room.topic = harmless(message.params[1] ?? "");
  const nick = harmless(message.nick);
  const event = room.topic === "" ? { what: "removed the topic" } : { what: "set the topic:" };
  room.tell({ nick, ...event, other: room.topic }, timeOf(message));
}

/** "me #room :topic", or that there is none. */
function onTopicIs({ rooms }, { command, params: [, name = "", topic = ""] }) {
  const room = rooms.find(name);
  if (room !== undefined) room.topic = command === "332" ? harmless(topic) : "";
}

/** "me = #room :@anna bob" */
function onNames({ rooms }, { params: [, , name = "", names = ""] }) {
  const room = rooms.find(name);
  for (const each of names.split(" ")) if (each !== "") room?.addName(each);
}

function onInvite({ rooms }, message) {
  const [, name = ""] = message.params;
  const text = `${harmless(message.nick)} invites you: /join ${harmless(name)}`;
  rooms.active.say({ text, at: timeOf(message) });
}

const ignore = () => {};

/** By command. @type {Record<string, (client, message) => void>} */
export const roomEvents = {
  PRIVMSG: onSpoken,
  NOTICE: onSpoken,
  JOIN: onJoin,
  PART: onPart,
  QUIT: onQuit,
  NICK: onNick,
  KICK: onKick,
  MODE: onMode,
  TOPIC: onTopic,
  INVITE: onInvite,
  331: onTopicIs,
  332: onTopicIs,
  333: ignore, // who set the topic
  353: onNames,
  366: ignore, // the end of the names
};
