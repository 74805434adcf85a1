// Echo over this library's selector floor, blocking: the short messages of a wait go through one
// StreamBatch, so that they cross into C++ twice, however many they are; long ones go alone. The
// system calls are those of c-epoll.c; selector-single.mjs crosses for each of them.
//
//   node selector-floor.mjs [--backend epoll|poll|select|kqueue]
//
// Prints "PORT <n>"; ends on SIGTERM (no handler: the kernel's default action works while the
// thread blocks) or when stdin closes.
import { parseArgs } from "node:util";
import {
  createSelector,
  EVENT_READ,
  EVENT_WRITE,
  Socket,
  StreamBatch,
  TCP_NODELAY,
  WOULD_BLOCK,
} from "../../dist/index.js";

const STDIN = 0;
const BUFFER_SIZE = 64 * 1024;
/** Reads on while the buffer comes back full, but never so long that others starve. */
const READS_MAX = 16;
/** Who sends more at once is echoed alone: then copying costs, which wants hot caches. */
const SHORT_MAX = 4096;

const buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
const batch = new StreamBatch();
/** The key of each socket in the batch. */
const keys = [];
const { values } = parseArgs({ options: { backend: { type: "string", default: "epoll" } } });
const selector = createSelector({ backend: values.backend });
const listener = Socket.listenTcp({ host: "127.0.0.1", port: 0 });

class Connection {
  /** @type {Buffer | undefined} what it still has to send */
  unsent = undefined;
  offset = 0;
  /** Whether its last receive was a long one. */
  isBulk = false;
}

function onAcceptable() {
  for (let socket = listener.accept(); socket !== undefined; socket = listener.accept()) {
    socket.setOption(TCP_NODELAY, true);
    selector.register(socket, EVENT_READ, new Connection());
  }
}

function onReadable(key) {
  if (key.data.isBulk) return echoAlone(key);
  keys[batch.add(key.fileobj)] = key;
  if (batch.isFull) echoBatch();
}

/** In as many rounds as the room of the batch needs. */
function echoBatch() {
  for (let start = 0; start < batch.count; ) {
    const end = batch.recv(start);
    for (let i = start; i < end; i++) {
      const received = batch.received(i);
      if (received > 0) batch.setReply(i, batch.offset(i), received);
      // The end of the stream, or an error.
      else if (received !== WOULD_BLOCK) keys[i].fileobj.close();
    }
    batch.send();
    for (; start < end; start++) finishReply(start);
  }
  batch.clear();
}

function finishReply(i) {
  const received = batch.received(i);
  if (received <= 0) return;
  const key = keys[i];
  const sent = batch.sent(i);
  key.data.isBulk = received > SHORT_MAX;
  if (sent === received) return;
  if (sent < 0 && sent !== WOULD_BLOCK) return key.fileobj.close();
  const start = batch.offset(i);
  keep(key, batch.buffer.subarray(start + Math.max(sent, 0), start + received));
}

function echoAlone(key) {
  const { fileobj: socket, data: connection } = key;
  for (let i = 0; i < READS_MAX; i++) {
    const received = socket.recv(buffer);
    if (received === WOULD_BLOCK) return;
    if (received === 0) return socket.close();
    connection.isBulk = received > SHORT_MAX;
    const sent = socket.send(buffer, 0, received);
    if (sent !== received) return keep(key, buffer.subarray(Math.max(sent, 0), received));
    if (received < BUFFER_SIZE) return;
  }
}

/** Keeps what was not sent; until it is, the connection is not read. */
function keep({ fileobj: socket, data: connection }, unsent) {
  connection.unsent = Buffer.from(unsent);
  connection.offset = 0;
  selector.modify(socket, EVENT_WRITE);
}

function onWritable({ fileobj: socket, data: connection }) {
  const sent = socket.send(connection.unsent, connection.offset);
  if (sent === WOULD_BLOCK) return;
  connection.offset += sent;
  if (connection.offset < connection.unsent.length) return;
  connection.unsent = undefined;
  selector.modify(socket, EVENT_READ);
}

function onReady(key) {
  if (key.data === undefined) return key.fileobj === STDIN ? process.exit(0) : onAcceptable();
  try {
    if (key.data.unsent === undefined) onReadable(key);
    else onWritable(key);
  } catch {
    // ECONNRESET and its like end one connection, not the server.
    key.fileobj.close();
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
for (;;) {
  selector.dispatch(Infinity, onReady);
  echoBatch();
}
