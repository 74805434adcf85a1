// Echo over node:net as its users write it: one data listener, back-pressure by pause and
// resume. Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import { createServer } from "node:net";
import { endWithInput } from "./input.mjs";

/** As the other contestants ask for; the default of 511 would cost SYN retransmits. */
const BACKLOG = 4096;

/** @this {import("node:net").Socket} @param {Buffer} bytes */
function onData(bytes) {
  if (!this.write(bytes)) this.pause();
}

/** @this {import("node:net").Socket} */
function onDrain() {
  this.resume();
}

/** @this {import("node:net").Socket} */
function onError() {
  this.destroy();
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("data", onData);
  socket.on("drain", onDrain);
  socket.on("error", onError);
});

server.listen({ host: "127.0.0.1", port: 0, backlog: BACKLOG }, () => {
  console.log(`PORT ${server.address().port}`);
});

endWithInput();
