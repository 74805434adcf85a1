/**
 * The simplest echo server of all: one connection, and calls that wait until they are done. Its
 * state is the line that runs. A peer that does not write makes `recv` wait, one that does not read
 * makes `send` wait, and the whole thread with it: so it serves one connection at a time, and
 * whoever wants more of them needs more threads, see thread-per-connection.ts and thread-pool.ts.
 *
 * It imports the lowest floors only: a thread loads for itself what it runs.
 */
import { SystemError } from "socket-reactor/kernel";
import { Socket } from "socket-reactor/sockets";
import { type Given, say } from "./worker-message.js";

const buffer = new Uint8Array(64 * 1024);

function echoUntilEnd(socket: Socket): void {
  for (let n = socket.recv(buffer); n > 0; n = socket.recv(buffer)) {
    for (let sent = 0; sent < n; ) sent += socket.send(buffer, sent, n - sent);
  }
}

/** Takes over what main has given, serves it until it is over, and says why it is. */
export function serveBlocking({ id, fd }: Given): void {
  say({ says: "taken", id });
  const socket = Socket.fromFd(fd);
  let reason = "end of stream";
  try {
    socket.setBlocking(true);
    echoUntilEnd(socket);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    reason = error.code; // the peer reset the connection: that ends it, not the thread
  }
  socket.close();
  say({ says: "closed", id, reason });
}
