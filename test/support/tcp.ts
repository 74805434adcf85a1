/** TCP connections by descriptor number, on loopback, without a fixed port. */
import { ADDRESS_BYTES, errnoOf, IN_PROGRESS, type Socket, systemKernel } from "../../src/index.js";

const { AF_INET, SOCK_STREAM } = systemKernel.constants;
const address = new Uint8Array(ADDRESS_BYTES);

function tcp(): number {
  return check("socket", systemKernel.socket(AF_INET, SOCK_STREAM, 0, false));
}

function check(call: string, result: number): number {
  if (result < 0) throw new Error(`${call} answered ${result}`);
  return result;
}

/** A client of `listener`, connected or about to be. */
export function tcpClient(listener: Socket): number {
  check("getsockname", systemKernel.getsockname(listener.fileno(), address));
  const client = tcp();
  const result = systemKernel.connect(client, address);
  if (result !== 0 && result !== IN_PROGRESS) check("connect", result);
  return client;
}

/** The client's end and the server's end of one connection. On loopback accept4 has it at once. */
export function tcpPair(listener: Socket): [client: number, server: number] {
  const client = tcpClient(listener);
  return [client, check("accept4", systemKernel.accept4(listener.fileno(), false, undefined))];
}

/** A client whose connect is, or will be, refused: its port is bound, but nobody listens. */
export function refusedConnection(): number {
  const holder = tcp();
  const client = tcp();
  const loopback = new Uint8Array(ADDRESS_BYTES);
  // The record of an unbound socket holds the family and no address; binding it picks a port.
  check("getsockname", systemKernel.getsockname(holder, loopback));
  check("bind", systemKernel.bind(holder, loopback));
  check("getsockname", systemKernel.getsockname(holder, address));
  const result = systemKernel.connect(client, address);
  systemKernel.close(holder);
  if (result !== IN_PROGRESS && result !== errnoOf("ECONNREFUSED")) check("connect", result);
  return client;
}
