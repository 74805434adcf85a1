// Echo over this library's reactor floor, attached to Node's loop unless --blocking: watches and
// one StreamBatch, which a deferred call moves at the end of the turn.
//
//   node reactor-floor.mjs [--blocking]
//
// Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import {
  EVENT_READ,
  EVENT_WRITE,
  Reactor,
  Socket,
  StreamBatch,
  TCP_NODELAY,
  WOULD_BLOCK,
} from "../../dist/index.js";
import { endWithStdin } from "./stdin.mjs";

const reactor = new Reactor();
const batch = new StreamBatch();
/** The connection of each socket in the batch. */
const members = [];
const listener = Socket.listenTcp({ host: "127.0.0.1", port: 0 });

class Connection {
  /** @type {Buffer | undefined} what it still has to send */
  unsent = undefined;

  constructor(socket) {
    this.socket = socket;
    const onReady = (events) => (events & EVENT_WRITE ? this.sendRest() : collect(this));
    this.watch = reactor.watch(socket, EVENT_READ, onReady);
  }

  /** Until the rest is sent, nothing is read. */
  keep(unsent) {
    this.unsent = Buffer.from(unsent);
    this.watch.modify(EVENT_WRITE);
  }

  sendRest() {
    try {
      const sent = this.socket.send(this.unsent);
      if (sent !== WOULD_BLOCK) this.unsent = this.unsent.subarray(sent);
      if (this.unsent.length === 0) this.watch.modify(EVENT_READ);
    } catch {
      this.socket.close(); // ECONNRESET and its like end one connection, not the server.
    }
  }
}

function collect(connection) {
  if (batch.count === 0) reactor.deferPlain(echoBatch);
  members[batch.add(connection.socket)] = connection;
  if (batch.isFull) echoBatch();
}

/** In as many rounds as the room of the batch needs. */
function echoBatch() {
  for (let start = 0; start < batch.count; ) {
    const end = batch.recv(start);
    for (let i = start; i < end; i++) {
      const received = batch.received(i);
      if (received > 0) batch.setReply(i, batch.offset(i), received);
      else if (received !== WOULD_BLOCK) members[i].socket.close(); // the end, or an error
    }
    batch.send();
    for (; start < end; start++) finishReply(start);
  }
  batch.clear();
}

function finishReply(i) {
  const received = batch.received(i);
  const sent = batch.sent(i);
  if (received <= 0 || sent === received) return;
  if (sent < 0 && sent !== WOULD_BLOCK) return members[i].socket.close();
  const start = batch.offset(i);
  members[i].keep(batch.buffer.subarray(start + Math.max(sent, 0), start + received));
}

reactor.watch(listener, EVENT_READ, () => {
  for (let n = 0; n < 64; n++) {
    const socket = listener.accept();
    if (socket === undefined) return;
    socket.setOption(TCP_NODELAY, true);
    new Connection(socket);
  }
});
endWithStdin(reactor);
process.stdout.write(`PORT ${listener.localAddress.port}\n`);
if (process.argv.includes("--blocking")) reactor.runBlocking();
else await reactor.run();
