// Who takes part in the chat bench: over TCP, then over WebSocket. A server knows NICK, USER, JOIN,
// PRIVMSG and PING, and sends the lines that a server of IRC would.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { canCompile, compile } from "./build.mjs";

const NODE = process.execPath;
const demo = path("../dist/demos/cli.js");
const DEMO_ARGUMENTS = ["chat", "--port", "0", "--web-port", "0", "--no-flood-limits"];

/**
 * @typedef {import("./contestants.mjs").Contestant & { protocol: "irc" | "websocket" }} ChatContestant
 *
 * @type {readonly ChatContestant[]}
 */
export const chatContestants = [
  {
    name: "c-fanout",
    label: "raw epoll in C, the limit: a turn's lines for a client in one send, no list of names",
    protocol: "irc",
    available: canCompile,
    command: () => ({ file: compile("servers/c-fanout.c"), args: [] }),
  },
  {
    ...ownChat("irc", /^Chat server on 127\.0\.0\.1:(\d+)/m),
    name: "chat",
    label: "this project's chat demo, over IRC",
  },
  {
    ...rival("irc", "node-net-chat.mjs"),
    name: "node-net",
    label: "node:net, a turn's lines for a socket corked",
  },
  {
    ...rival("irc", "node-net-chat.mjs", "--no-cork"),
    name: "node-net-plain",
    label: "node:net, each line a write",
  },
  {
    ...ownChat("websocket", /http:\/\/127\.0\.0\.1:(\d+)/),
    name: "chat-web",
    label: "this project's chat demo, over WebSocket",
  },
  { ...rival("websocket", "ws-chat.mjs"), name: "ws", label: "the ws package" },
];

function ownChat(protocol, portPattern) {
  const missing = "the project is not built: run npm run build";
  return {
    protocol,
    available: () => existsSync(demo) || missing,
    command: () => ({ file: NODE, args: [demo, ...DEMO_ARGUMENTS] }),
    portPattern,
  };
}

function rival(protocol, server, ...more) {
  return {
    protocol,
    available: () => true,
    command: () => ({ file: NODE, args: [path(`servers/${server}`), ...more] }),
  };
}

/** @param {string} relative to bench/ @returns {string} */
function path(relative) {
  return fileURLToPath(new URL(relative, import.meta.url));
}
