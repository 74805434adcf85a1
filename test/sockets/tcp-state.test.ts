import { describe, expect, test } from "vitest";
import { IN_PROGRESS } from "../../src/kernel/index.js";
import { Socket } from "../../src/sockets/socket.js";
import { SO_LINGER } from "../../src/sockets/socket-options.js";
import {
  connectTcp,
  errorOf,
  ipAddress,
  pair,
  receive,
  send,
  track,
  until,
  untilReadable,
} from "./support.js";

const buffer = Buffer.alloc(1024);

/** A listener whose queue is full, so that a further connection stays in SYN_SENT. Linux */
function fullListener(): Socket {
  const listener = track(Socket.listenTcp({ backlog: 0 }));
  const client = track(Socket.tcp());
  client.connect(ipAddress(listener.localAddress));
  until("ESTABLISHED", () => client.state);
  return listener;
}

describe("state", () => {
  test("walks through a connection that the client ends", () => {
    const fresh = track(Socket.tcp());
    expect(fresh.state).toBe("CLOSED");
    const { listener, client, server } = connectTcp();
    expect(listener.state).toBe("LISTEN");
    expect([client.state, server.state]).toEqual(["ESTABLISHED", "ESTABLISHED"]);
    client.shutdown("write");
    until("CLOSE_WAIT", () => server.state);
    until("FIN_WAIT2", () => client.state);
    server.shutdown("write");
    // Both FINs are acknowledged: the client's end goes into TIME_WAIT, which leaves the socket
    // itself CLOSED.
    until("CLOSED", () => server.state);
    until("CLOSED", () => client.state);
    client.close();
    expect(client.state).toBe("CLOSED");
  });

  test.runIf(process.platform === "linux")("is SYN_SENT while nobody answers", () => {
    const listener = fullListener();
    const client = track(Socket.tcp());
    expect(client.connect(ipAddress(listener.localAddress))).toBe(IN_PROGRESS);
    expect(client.state).toBe("SYN_SENT");
    expect(client.remoteAddress).toBeUndefined();
  });

  test.runIf(process.platform === "linux")(
    "is FIN_WAIT1 and LAST_ACK while the peer has no room",
    () => {
      const { client, server } = connectTcp();
      // What fills the peer's window cannot be acknowledged, and the FIN stands behind it.
      const chunk = Buffer.alloc(1 << 20);
      while (client.send(chunk) > 0);
      client.shutdown("write");
      expect(client.state).toBe("FIN_WAIT1");
      while (server.send(chunk) > 0);
      server.shutdown("write");
      expect(server.state).toBe("FIN_WAIT1"); // No FIN has come yet.
      for (;;) {
        untilReadable(server);
        if (server.recv(chunk) === 0) break;
      }
      // The server has the client's FIN and waits for its own to be taken: CLOSING or LAST_ACK,
      // by who was first.
      expect(["CLOSING", "LAST_ACK"]).toContain(server.state);
    },
  );

  test.runIf(process.platform === "linux")("is LAST_ACK on the side that ends second", () => {
    const { client, server } = connectTcp();
    client.shutdown("write");
    until("CLOSE_WAIT", () => server.state);
    const chunk = Buffer.alloc(1 << 20);
    while (server.send(chunk) > 0);
    server.shutdown("write");
    expect(server.state).toBe("LAST_ACK");
    expect(client.state).toBe("FIN_WAIT2");
  });

  test("is CLOSED after a reset", () => {
    const { client, server } = connectTcp();
    client.setOption(SO_LINGER, 0);
    client.close();
    until("CLOSED", () => server.state);
    expect(server.isClosed).toBe(false);
    expect(server.getError()).toMatchObject({ code: "ECONNRESET" });
  });

  test("is undefined for what is not TCP, open and closed", () => {
    const [a] = pair();
    const udp = track(Socket.udp());
    expect([a.state, udp.state]).toEqual([undefined, undefined]);
    udp.close();
    expect(udp.state).toBeUndefined();
  });
});

describe.runIf(process.platform === "linux")("info()", () => {
  test("moves with the connection", () => {
    const { client, server } = connectTcp();
    const before = client.info();
    expect(before.state).toBe("ESTABLISHED");
    expect(before.rttUs).toBeGreaterThan(0);
    expect(before.sndCwndSegments).toBeGreaterThan(0);
    expect(before.bytesSent).toBe(0);
    expect(before.totalRetrans).toBe(0);
    for (let i = 0; i < 10; i++) {
      send(client, "0123456789");
      expect(receive(server)).toBe("0123456789");
    }
    until(0, () => client.info().unacked);
    const after = client.info();
    expect(after.bytesSent).toBe(100);
    expect((after.bytesAcked ?? 0) - (before.bytesAcked ?? 0)).toBe(100);
    expect(server.info().bytesReceived).toBe(100);
    expect(after.dataSegsOut).toBeGreaterThan(0);
    expect(after.segsOut).toBeGreaterThan(before.segsOut ?? 0);
    expect(after.sndMssBytes).toBeGreaterThan(500);
    expect(after.lastDataSentMs).toBeLessThan(60_000);
    expect(Object.values(after)).not.toContain(undefined);
  });

  test("names every field that the kernel reports", () => {
    const { client } = connectTcp();
    const names = Object.keys(client.info());
    expect(names).toHaveLength(client.kernel.tcpInfoFields.length);
    expect(names.filter((name) => name.includes("_"))).toEqual([]);
  });

  test("of a socket that is not TCP throws", () => {
    const [a] = pair();
    expect(errorOf(() => a.info())).toMatchObject({ syscall: "getsockopt" });
    const udp = track(Socket.udp());
    expect(errorOf(() => udp.info())).toMatchObject({ syscall: "getsockopt" });
  });
});

describe("queues", () => {
  test("count the bytes that wait on either side", () => {
    const { client, server } = connectTcp();
    expect([client.sendQueueBytes, server.receiveQueueBytes]).toEqual([0, 0]);
    send(client, "12345");
    until(5, () => server.receiveQueueBytes);
    until(0, () => client.sendQueueBytes); // Acknowledged, though nobody has read it.
    server.recv(buffer);
    expect(server.receiveQueueBytes).toBe(0);
  });

  test("a full connection keeps bytes in the send queue", () => {
    const { client } = connectTcp();
    while (client.send(buffer) > 0);
    expect(client.sendQueueBytes).toBeGreaterThan(0);
  });

  test("of a UDP socket: the next datagram", () => {
    const a = track(Socket.udp());
    a.bind({ address: "127.0.0.1", port: 0 });
    a.sendto(Buffer.alloc(3), ipAddress(a.localAddress));
    a.sendto(Buffer.alloc(4), ipAddress(a.localAddress));
    until(3, () => a.receiveQueueBytes);
    expect(a.recv(buffer)).toBe(3);
    expect(a.receiveQueueBytes).toBe(4);
  });

  test.runIf(process.platform === "linux")("of a listener: connections", () => {
    const listener = track(Socket.listenTcp({ backlog: 5 }));
    expect(listener.receiveQueueBytes).toBeUndefined();
    expect(listener.sendQueueBytes).toBeUndefined();
    expect(listener.acceptQueue).toEqual({ connections: 0, max: 5 });
    const client = track(Socket.tcp());
    expect(client.acceptQueue).toBeUndefined();
    client.connect(ipAddress(listener.localAddress));
    until(1, () => listener.acceptQueue?.connections);
    track(listener.accept() ?? client);
    expect(listener.acceptQueue).toEqual({ connections: 0, max: 5 });
  });
});
