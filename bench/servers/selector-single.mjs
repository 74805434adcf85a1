// selector-floor.mjs without StreamBatch: one Socket.recv and one Socket.send for each message, as
// c-epoll.c does it. The difference to selector-floor.mjs is what the batch gains; the difference to
// c-epoll.c is the cost of JavaScript and of crossing the boundary twice a message.
//
//   node selector-single.mjs [--backend epoll|poll|select|kqueue]
//
// Prints "PORT <n>"; ends on SIGTERM (no handler: the kernel's default action works while the
// thread blocks) or when stdin closes.
import { parseArgs } from "node:util";
import {
  createSelector,
  EVENT_READ,
  EVENT_WRITE,
  Socket,
  TCP_NODELAY,
  WOULD_BLOCK,
} from "../../dist/index.js";

const BUFFER_SIZE = 64 * 1024;
const STDIN = 0;
/** Reads on while the buffer comes back full, but never so long that others starve. */
const READS_MAX = 16;

const buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
const { values } = parseArgs({ options: { backend: { type: "string", default: "epoll" } } });
const selector = createSelector({ backend: values.backend });
const listener = Socket.listenTcp({ host: "127.0.0.1", port: 0 });

/** What a connection still has to send. */
class Connection {
  /** @type {Buffer | undefined} */
  unsent = undefined;
  offset = 0;
}

function onAcceptable() {
  for (let socket = listener.accept(); socket !== undefined; socket = listener.accept()) {
    socket.setOption(TCP_NODELAY, true);
    selector.register(socket, EVENT_READ, new Connection());
  }
}

function onReadable(socket, connection) {
  for (let i = 0; i < READS_MAX; i++) {
    const received = socket.recv(buffer);
    if (received === WOULD_BLOCK) return;
    if (received === 0) return socket.close();
    const sent = socket.send(buffer, 0, received);
    if (sent !== received) {
      connection.unsent = Buffer.from(buffer.subarray(sent === WOULD_BLOCK ? 0 : sent, received));
      connection.offset = 0;
      return selector.modify(socket, EVENT_WRITE);
    }
    if (received < BUFFER_SIZE) return;
  }
}

function onWritable(socket, connection) {
  const sent = socket.send(connection.unsent, connection.offset);
  if (sent === WOULD_BLOCK) return;
  connection.offset += sent;
  if (connection.offset < connection.unsent.length) return;
  connection.unsent = undefined;
  selector.modify(socket, EVENT_READ);
}

function onReady(key) {
  const socket = key.fileobj;
  const connection = key.data;
  if (connection === undefined) return socket === STDIN ? process.exit(0) : onAcceptable();
  try {
    if (connection.unsent === undefined) onReadable(socket, connection);
    else onWritable(socket, connection);
  } catch {
    // ECONNRESET and its like end one connection, not the server.
    socket.close();
  }
}

selector.register(listener, EVENT_READ, undefined);
try {
  selector.register(STDIN, EVENT_READ, undefined);
} catch (error) {
  // A regular file or /dev/null as stdin cannot be polled by epoll: only a signal ends us.
  if (error.code !== "EPERM") throw error;
}
process.stdout.write(`PORT ${listener.localAddress.port}\n`);
for (;;) selector.dispatch(Infinity, onReady);
