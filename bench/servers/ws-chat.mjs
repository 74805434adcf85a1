// A chat room over the "ws" package: what it is usually done with in Node. Each message is framed for
// each socket, which is how ws works; its compression is off, as it is by default.
// Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import { WebSocketServer } from "ws";
import { leave, receive, SENDQ_MAX } from "./chat-room.mjs";
import { endWithInput } from "./input.mjs";

const LINE_MAX = 512;
/** "\r\n": a message has no end of its own. */
const END_LENGTH = 2;

class WebSocketPeer {
  #socket;
  nick;

  /** @param {import("ws").WebSocket} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /** @param {Buffer} line */
  send(line) {
    if (this.#socket.bufferedAmount > SENDQ_MAX) return this.#socket.terminate();
    this.#socket.send(line.subarray(0, -END_LENGTH), { binary: false });
  }
}

const server = new WebSocketServer({
  ...{ host: "127.0.0.1", port: 0, backlog: 4096, maxPayload: LINE_MAX, path: "/irc" },
  handleProtocols: () => "text.ircv3.net",
});
server.on("connection", (socket) => {
  const peer = new WebSocketPeer(socket);
  socket.on("message", (bytes) => receive(peer, bytes.toString()));
  socket.on("error", () => socket.terminate());
  socket.on("close", () => leave(peer));
});
server.on("listening", () => console.log(`PORT ${server.address().port}`));

endWithInput();
