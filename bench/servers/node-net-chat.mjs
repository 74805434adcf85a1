// A chat room over node:net, as a good programmer writes it for speed: a line is encoded once, and
// what one turn of the loop has for a socket is corked, and written as one when the turn is over.
// With --no-cork each line is a write of its own. Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import { createServer } from "node:net";
import { leave, receive, SENDQ_MAX } from "./chat-room.mjs";
import { endWithInput } from "./input.mjs";

const BACKLOG = 4096;
const LINE_MAX = 512;
const isCorking = !process.argv.includes("--no-cork");

/** @type {import("node:net").Socket[]} */
let corked = [];

function uncorkAll() {
  const sockets = corked;
  corked = [];
  for (const socket of sockets) socket.uncork();
}

class SocketPeer {
  #socket;
  #rest = "";
  nick;

  /** @param {import("node:net").Socket} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /** @param {Buffer} line */
  send(line) {
    const socket = this.#socket;
    if (socket.writableLength > SENDQ_MAX) return socket.destroy();
    // After the poll phase: by then, everybody who had something to say has been heard.
    if (isCorking && socket.writableCorked === 0) {
      if (corked.length === 0) setImmediate(uncorkAll);
      corked.push(socket);
      socket.cork();
    }
    socket.write(line);
  }

  /** @param {string} text */
  receive(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    if (this.#rest.length > LINE_MAX) return this.#socket.destroy();
    for (const line of lines) receive(this, line.endsWith("\r") ? line.slice(0, -1) : line);
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  const peer = new SocketPeer(socket);
  socket.setEncoding("utf8");
  socket.on("data", (text) => peer.receive(text));
  socket.on("error", () => socket.destroy());
  socket.on("close", () => leave(peer));
});

server.listen({ host: "127.0.0.1", port: 0, backlog: BACKLOG }, () => {
  console.log(`PORT ${server.address().port}`);
});

endWithInput();
