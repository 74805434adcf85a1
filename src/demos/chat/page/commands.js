/**
 * What is typed: a message for the room that is looked at, or a command with a slash. Each command
 * says what is wrong with it, and the text then stays where it was typed.
 */
import { byteLength, formatAction, harmless, splitText } from "./irc-text.js";

/** A line of IRC with CR LF is no longer; what it begins with when it comes back is part of it. */
const LINE_BYTES = 510;

/** As long as the server has not yet shown us ours. */
const SOURCE_BYTES = 120;

/** Of a text that is pasted, and of a long one that is cut: more is refused rather than a flood. */
export const MESSAGES_MAX = 20;

const NOT_CONNECTED = "Not connected: it stays here until you send it again";

/** Each gives what is wrong, or nothing. `words` are those after the command, `rest` is all of them. */
const COMMANDS = {
  join: {
    usage: "/join #room [key]: enters a room, or makes it",
    run: ({ client }, [names, key]) => {
      if (names === undefined) return "Which room? /join #room";
      const full = names.split(",").map((name) => (client.isRoomName(name) ? name : `#${name}`));
      return sent(client.join(full.join(","), key));
    },
  },
  part: {
    usage: "/part [reason]: leaves this room, or closes this conversation",
    run: ({ client, rooms }, _, rest) => leave(client, rooms, rooms.active, rest),
  },
  msg: {
    usage: "/msg name [text]: talks to one person alone",
    run: (context, [name], rest) => {
      if (name === undefined) return "To whom? /msg name text";
      const { client, rooms } = context;
      if (client.isRoomName(name) && !rooms.find(name)) return `You are not in ${name}`;
      const room = rooms.open(client.isRoomName(name) ? "room" : "private", name);
      rooms.show(room);
      const text = rest.slice(name.length).trim();
      return text === "" ? undefined : say(context, room, [text]);
    },
  },
  me: {
    usage: "/me waves: says what you do",
    run: (context, _, rest) => {
      if (rest === "") return "What do you do? /me waves";
      return say(context, context.rooms.active, [rest], formatAction);
    },
  },
  nick: {
    usage: "/nick name: another nickname",
    run: ({ client }, [nick]) => {
      if (nick === undefined) return "Which nickname? /nick name";
      return sent(client.rename(nick));
    },
  },
  topic: {
    usage: "/topic [text]: what this room is about",
    run: ({ client, rooms: { active } }, _, rest) => {
      if (active.kind !== "room") return "Only rooms have a topic";
      if (rest !== "") return sent(client.send("TOPIC", active.name, rest));
      return void active.say({ text: `The topic: ${active.topic || "there is none"}` });
    },
  },
  list: {
    usage: "/list: rooms to choose from",
    run: ({ browse }) => void browse(),
  },
  whois: {
    usage: "/whois name: who that is",
    run: ({ client }, [nick]) => (nick ? sent(client.send("WHOIS", nick)) : "Who? /whois name"),
  },
  raw: {
    usage: "/raw LINE: a line of IRC, as it is",
    run: ({ client }, _, rest) => (rest ? sent(client.sendRaw(rest)) : "Which? /raw VERSION"),
  },
  quit: {
    usage: "/quit [reason]: ends the chat",
    run: ({ quit }, _, rest) => void quit(rest),
  },
  help: {
    usage: "/help: this list; // says a slash",
    run: ({ rooms: { active } }) => {
      for (const { usage } of Object.values(COMMANDS)) active.say({ text: usage });
    },
  },
};

/**
 * @param {{ client, rooms, browse: () => void, quit: (reason: string) => void }} context
 * @param {string} input a line or several; only the first can be a command
 * @returns {string | undefined} what is wrong
 */
export function runInput(context, input) {
  const lines = input.split(/\r\n|\r|\n/).filter((line) => line.trim() !== "");
  const [first = ""] = lines;
  if (first === "") return undefined;
  if (!/^\/[^/]/.test(first)) {
    return say(context, context.rooms.active, [first.replace(/^\/\//, "/"), ...lines.slice(1)]);
  }
  const [, name, rest] = /^\/(\S+)\s*(.*)$/s.exec(first);
  const known = Object.hasOwn(COMMANDS, name.toLowerCase()) && COMMANDS[name.toLowerCase()];
  if (!known) return `There is no /${name}: /help lists the commands, // says a slash`;
  if (lines.length > 1) return `/${name} takes one line`;
  const words = rest.split(/\s+/).filter((word) => word !== "");
  try {
    return known.run(context, words, rest.trim());
  } catch (error) {
    if (error instanceof TypeError) return error.message; // ":x" where one word is wanted
    throw error;
  }
}

/** Leaves a room; a conversation or a room that we are not in is only closed. */
export function leave(client, rooms, room, reason = "") {
  if (room.kind === "server") return "The server's own words stay";
  if (!room.isJoined) return void rooms.close(room);
  const words = reason === "" ? [room.name] : [room.name, reason];
  return sent(client.send("PART", ...words));
}

function sent(isSent) {
  return isSent ? undefined : NOT_CONNECTED;
}

/** Sends lines to where they belong; where they come back to us they are shown then. */
function say({ client, rooms }, room, lines, wrap = (text) => text) {
  if (room.kind === "server") return "Nobody listens here: choose a room";
  if (!client.isRegistered) return NOT_CONNECTED;
  if (room.kind === "room" && !room.isJoined) return `You are not in it: /join ${room.name}`;
  const source = client.source === "" ? SOURCE_BYTES : byteLength(client.source);
  const bytesMax = LINE_BYTES - source - byteLength(`: PRIVMSG ${room.name} :${wrap("")}`);
  const pieces = lines.flatMap((line) => splitText(line, bytesMax));
  if (pieces.length > MESSAGES_MAX) {
    return `That makes ${pieces.length} messages, more than ${MESSAGES_MAX} at once`;
  }
  for (const piece of pieces) {
    client.send("PRIVMSG", room.name, wrap(piece));
    if (client.capabilities.has("echo-message")) continue;
    const kind = wrap === formatAction ? "action" : "message";
    room.say({ kind, nick: client.nick, text: harmless(piece), isOwn: true });
  }
  if (room !== rooms.active) rooms.show(room);
  return undefined;
}
