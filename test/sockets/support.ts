/** Sockets that a test need not close itself, and waiting for them without sleeping. */
import { afterEach } from "vitest";
import { type Fd, systemKernel } from "../../src/kernel/index.js";
import { type Address, type IpAddress, isUnixAddress } from "../../src/sockets/address.js";
import { Socket } from "../../src/sockets/socket.js";

/** Only guards against a hang: no test waits so long. */
const HANG_MS = 5000;

const open: Disposable[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket[Symbol.dispose]();
});

/** Closes `socket` after the test. */
export function track<T extends Disposable>(socket: T): T {
  open.push(socket);
  return socket;
}

/** Waits until the socket is readable (or broken). */
export function untilReadable(socket: Socket): void {
  poll(socket.fileno(), systemKernel.constants.POLLIN);
}

/** Waits until the socket is writable (or broken). */
export function untilWritable(socket: Socket): void {
  poll(socket.fileno(), systemKernel.constants.POLLOUT);
}

function poll(fd: Fd, bits: number): void {
  const n = systemKernel.poll(Int32Array.of(fd, bits, 0, 0), 1, new Int32Array(3), HANG_MS);
  if (n !== 1) throw new Error(`Nothing happened at descriptor ${fd}: ${n}`);
}

/** Calls `get` until it answers `wanted`. The kernel's own work needs no turn of our loop. */
export function until<T>(wanted: T, get: () => T): void {
  const deadline = performance.now() + HANG_MS;
  for (;;) {
    const found = get();
    if (found === wanted) return;
    if (performance.now() > deadline) throw new Error(`Still ${found}, not ${wanted}`);
  }
}

/** Where an IP socket is bound. */
export function ipAddress(address: Address | undefined): IpAddress {
  if (address === undefined || isUnixAddress(address)) throw new Error("Not an IP address");
  return address;
}

export interface Connection {
  readonly listener: Socket;
  readonly client: Socket;
  readonly server: Socket;
}

/** A TCP connection over loopback. */
export function connectTcp(host = "127.0.0.1"): Connection {
  const listener = track(Socket.listenTcp({ host }));
  const family = host.includes(":") ? "IPv6" : "IPv4";
  const client = track(Socket.tcp({ family }));
  client.connect(ipAddress(listener.localAddress));
  const server = accept(listener);
  untilWritable(client);
  client.finishConnect();
  return { listener, client, server };
}

/** The next connection, waited for. */
export function accept(listener: Socket): Socket {
  untilReadable(listener);
  const server = listener.accept();
  if (server === undefined) throw new Error("Readable, but nothing to accept");
  return track(server);
}

/** Two connected unix sockets. */
export function pair(type: "stream" | "dgram" | "seqpacket" = "stream"): [Socket, Socket] {
  const [a, b] = Socket.pair({ type });
  return [track(a), track(b)];
}

/** What can be received now, as text; waited for. */
export function receive(socket: Socket, limit = 65_536): string {
  untilReadable(socket);
  const buffer = Buffer.alloc(limit);
  return buffer.toString("utf8", 0, Math.max(0, socket.recv(buffer)));
}

/** Sends all of a short text. */
export function send(socket: Socket, text: string): void {
  const bytes = Buffer.from(text);
  const n = socket.send(bytes);
  if (n !== bytes.length) throw new Error(`Sent ${n} of ${bytes.length} bytes`);
}

/** Sends until the kernel takes no more; how many bytes went. */
export function fill(socket: Socket): number {
  const chunk = Buffer.alloc(65_536);
  let total = 0;
  for (;;) {
    const n = socket.send(chunk);
    if (n < 0) return total;
    total += n;
  }
}

/** What `act` throws. */
export function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}
