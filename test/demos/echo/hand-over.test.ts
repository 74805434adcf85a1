/** Each descriptor of a connection has one owner at every moment, whatever becomes of its worker. */
import { expect, test } from "vitest";
import { HandedOver } from "../../../src/demos/echo/hand-over.js";
import { Socket } from "../../../src/index.js";
import { accept, ipAddress, track } from "../../sockets/support.js";
import { differences, openDescriptors } from "../../support/descriptors.js";
import { faultKernel } from "../../support/fault-kernel.js";
import { connectTo, pattern, roundTrip } from "../echo-peers.js";
import {
  handOutModel,
  startThreaded,
  threadPerConnectionModel,
  threadPoolModel,
} from "./threaded-servers.js";

/** The server's end of a connection, and the other. */
function connected(): [Socket, Socket] {
  const listener = track(Socket.listenTcp());
  const client = track(Socket.tcp());
  client.connect(ipAddress(listener.localAddress));
  return [accept(listener), client];
}

const byte = new Uint8Array(1);

test("not given: closing it closes both", () => {
  const [socket, client] = connected();
  const connection = new HandedOver(socket);
  connection.close();
  expect([connection.isClosed, socket.isClosed, client.recv(byte)]).toEqual([true, true, 0]);
  expect(connection.state).toBe("CLOSED");
});

test("given and not taken: what was on its way is main's again, and closed", () => {
  const [socket, client] = connected();
  const before = openDescriptors();
  const connection = new HandedOver(socket);
  connection.give();
  connection.close();
  expect(client.recv(byte)).toBe(0);
  expect(differences(before, openDescriptors())).toHaveLength(1); // the given socket is gone
});

test("taken: it is the worker's, and the connection lasts until both are closed", () => {
  const [socket, client] = connected();
  const connection = new HandedOver(socket);
  const { id, fd } = connection.give();
  expect(id).not.toBe(fd);
  connection.taken();
  const workers = Socket.fromFd(fd);
  connection.close();
  workers.send(Buffer.from("x"));
  expect(client.recv(byte)).toBe(1);
  workers.close();
  expect(client.recv(byte)).toBe(0);
});

test("shutdown ends it, whoever has it, also where the peer has gone or nothing is open", () => {
  const [socket, client] = connected();
  const connection = new HandedOver(socket);
  const { fd } = connection.give();
  connection.taken();
  const workers = Socket.fromFd(fd);
  connection.shutdown();
  expect([workers.recv(byte), client.recv(byte)]).toEqual([0, 0]);
  client.close();
  connection.shutdown();
  for (const open of [workers, connection]) open.close();
  connection.shutdown();
});

test.each([threadPerConnectionModel, threadPoolModel, handOutModel])(
  "$name: without a descriptor for main a connection waits in the backlog",
  async (model) => {
    const faulty = faultKernel();
    const { port, log } = await startThreaded(model, { kernel: faulty.kernel });
    const lift = faulty.fail({ call: "dup", errno: "EMFILE" });
    const client = await connectTo(port);
    await log.said(/^accept: EMFILE, trying again in 1000 ms$/);
    lift();
    await roundTrip(client, pattern(1, 1000));
  },
);
