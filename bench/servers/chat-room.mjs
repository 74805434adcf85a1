// What the rivals of the chat bench have in common: one room and just enough of IRC for a client to
// get into it, in plain strings and Maps. What a peer is, net.Socket or WebSocket, is the server's.

/** Of bytes that wait for one peer, before it is given up. */
export const SENDQ_MAX = 1024 * 1024;

/**
 * @typedef {object} Peer
 * @property {(line: Buffer) => void} send a line with its end, encoded once for everybody
 * @property {string} [nick]
 *
 * @type {Map<string, Peer>} by nickname
 */
const users = new Map();
/** @type {Set<Peer>} */
const members = new Set();

/** @param {string} line @returns {Buffer} */
function encode(line) {
  return Buffer.from(`${line}\r\n`);
}

/** @param {string} line @param {Peer} [except] */
function tell(line, except) {
  const bytes = encode(line);
  for (const peer of members) if (peer !== except) peer.send(bytes);
}

/** By the first word of a line: what follows from it. */
const COMMANDS = {
  NICK(peer, rest) {
    if (users.has(rest)) return answer(peer, `433 * ${rest} :Nickname is already in use`);
    peer.nick = rest;
    users.set(rest, peer);
  },
  USER(peer) {
    answer(peer, `001 ${peer.nick} :Welcome`);
  },
  JOIN(peer, room) {
    members.add(peer);
    tell(`:${peer.nick}!u@127.0.0.1 JOIN ${room}`);
    const names = [...members].map(({ nick }) => nick);
    while (names.length > 0) answer(peer, `353 ${peer.nick} = ${room} :${cut(names)}`);
    answer(peer, `366 ${peer.nick} ${room} :End of /NAMES list`);
  },
  PRIVMSG(peer, rest) {
    const target = rest.slice(0, rest.indexOf(" "));
    const line = `:${peer.nick}!u@127.0.0.1 PRIVMSG ${rest}`;
    if (target.startsWith("#")) tell(line, peer);
    else users.get(target)?.send(encode(line));
  },
  PING(peer, token) {
    answer(peer, `PONG chat ${token}`);
  },
};

/** @param {Peer} peer @param {string} line without its end */
export function receive(peer, line) {
  const space = line.indexOf(" ");
  COMMANDS[line.slice(0, space)]?.(peer, line.slice(space + 1));
}

/** @param {Peer} peer */
export function leave(peer) {
  users.delete(peer.nick);
  if (members.delete(peer)) tell(`:${peer.nick}!u@127.0.0.1 QUIT :Gone`);
}

function answer(peer, line) {
  peer.send(encode(`:chat ${line}`));
}

/** As many names as a line of 512 bytes has room for. */
function cut(names) {
  return names.splice(0, 12).join(" ");
}
