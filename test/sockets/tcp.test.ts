import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { IN_PROGRESS, systemKernel, WOULD_BLOCK } from "../../src/kernel/index.js";
import { Socket } from "../../src/sockets/socket.js";
import { SO_LINGER, SO_SNDBUF } from "../../src/sockets/socket-options.js";
import {
  accept,
  connectTcp,
  errorOf,
  fill,
  ipAddress,
  receive,
  send,
  track,
  untilReadable,
  untilWritable,
} from "./support.js";

const { MSG_PEEK, MSG_DONTWAIT } = systemKernel.constants;
const buffer = Buffer.alloc(256);

/** A port of 127.0.0.1 where nobody listens: it is bound, so nobody else gets it either. */
function deadAddress() {
  const holder = track(Socket.tcp());
  holder.bind({ address: "127.0.0.1", port: 0 });
  return ipAddress(holder.localAddress);
}

describe.each(["127.0.0.1", "::1"])("a connection over %s", (host) => {
  test("has the addresses of its ends", () => {
    const { listener, client, server } = connectTcp(host);
    expect(client.remoteAddress).toEqual(listener.localAddress);
    expect(server.localAddress).toEqual(listener.localAddress);
    expect(server.remoteAddress).toEqual(client.localAddress);
    expect(ipAddress(client.localAddress)).toMatchObject({
      family: host === "::1" ? "IPv6" : "IPv4",
      address: host,
    });
    expect(server.family).toBe(client.family);
    expect(server.type).toBe("stream");
  });

  test("carries bytes both ways", () => {
    const { client, server } = connectTcp(host);
    send(client, "there");
    expect(receive(server)).toBe("there");
    send(server, "back");
    expect(receive(client)).toBe("back");
  });
});

describe("connect()", () => {
  test("is IN_PROGRESS, and finishConnect() returns when it is done", () => {
    const listener = track(Socket.listenTcp());
    const client = track(Socket.tcp());
    expect(client.connect(ipAddress(listener.localAddress))).toBe(IN_PROGRESS);
    untilWritable(client);
    expect(client.finishConnect()).toBeUndefined();
  });

  test("refused: finishConnect() throws a SystemError with the address", () => {
    const address = deadAddress();
    const client = track(Socket.tcp());
    expect(client.connect(address)).toBe(IN_PROGRESS);
    untilWritable(client);
    expect(errorOf(() => client.finishConnect())).toMatchObject({
      code: "ECONNREFUSED",
      syscall: "connect",
      address: "127.0.0.1",
      port: address.port,
      message: `connect ECONNREFUSED: connection refused 127.0.0.1:${address.port}`,
    });
    expect(client.finishConnect()).toBeUndefined(); // The error was read.
  });

  test("getError() answers the error instead, once", () => {
    const client = track(Socket.tcp());
    client.connect(deadAddress());
    untilWritable(client);
    expect(client.getError()).toMatchObject({ code: "ECONNREFUSED" });
    expect(client.getError()).toBeUndefined();
  });

  test("to an address of the other family throws at once", () => {
    const client = track(Socket.tcp({ family: "IPv6" }));
    expect(errorOf(() => client.connect({ address: "127.0.0.1", port: 1 }))).toMatchObject({
      syscall: "connect",
      address: "127.0.0.1",
      port: 1,
    });
  });

  test("a second time is 0 on Linux, which only then notes the end; a third time is EISCONN", () => {
    const { client, listener } = connectTcp();
    const address = ipAddress(listener.localAddress);
    if (process.platform === "linux") expect(client.connect(address)).toBe(0);
    expect(() => client.connect(address)).toThrow("connect EISCONN");
  });
});

describe("accept()", () => {
  test("is undefined while nobody connects", () => {
    expect(track(Socket.listenTcp()).accept()).toBeUndefined();
  });

  test("takes connections in order until there is none", () => {
    const listener = track(Socket.listenTcp());
    const clients = [0, 1, 2].map(() => {
      const client = track(Socket.tcp());
      client.connect(ipAddress(listener.localAddress));
      untilWritable(client);
      return client;
    });
    for (const client of clients) {
      expect(accept(listener).remoteAddress).toEqual(client.localAddress);
    }
    expect(listener.accept()).toBeUndefined();
  });

  test("on a socket that does not listen throws EINVAL", () => {
    const socket = track(Socket.tcp());
    expect(() => socket.accept()).toThrow(expect.objectContaining({ code: "EINVAL" }));
  });
});

describe("listenTcp()", () => {
  test("listens on 127.0.0.1 and a free port by default", () => {
    const { address, port } = ipAddress(track(Socket.listenTcp()).localAddress);
    expect(address).toBe("127.0.0.1");
    expect(port).toBeGreaterThan(0);
  });

  test("a port that is taken: EADDRINUSE, with the address, and no descriptor is left", () => {
    const { port } = ipAddress(track(Socket.listenTcp()).localAddress);
    expect(errorOf(() => Socket.listenTcp({ port }))).toMatchObject({
      code: "EADDRINUSE",
      address: "127.0.0.1",
      port,
      message: expect.stringMatching(
        new RegExp(`^(bind|listen) EADDRINUSE: address already in use 127.0.0.1:${port}$`),
      ),
    });
  });

  test("an address of another machine: EADDRNOTAVAIL", () => {
    expect(() => Socket.listenTcp({ host: "192.0.2.1" })).toThrow(
      expect.objectContaining({ code: "EADDRNOTAVAIL", syscall: "bind", address: "192.0.2.1" }),
    );
  });

  test.each([
    [{ host: "localhost" }, "ERR_INVALID_ADDRESS"],
    [{ port: 65536 }, "ERR_OUT_OF_RANGE"],
    [{ port: -1 }, "ERR_OUT_OF_RANGE"],
  ])("%j is refused with %s", (options, code) => {
    expect(() => Socket.listenTcp(options)).toThrow(expect.objectContaining({ code }));
  });

  test("reusePort lets two listeners share a port", () => {
    const first = track(Socket.listenTcp({ reusePort: true }));
    const { port } = ipAddress(first.localAddress);
    const second = track(Socket.listenTcp({ port, reusePort: true }));
    expect(second.localAddress).toEqual(first.localAddress);
  });

  test("'::' takes IPv4 as well, as mapped addresses", () => {
    const listener = track(Socket.listenTcp({ host: "::" }));
    const { port } = ipAddress(listener.localAddress);
    const client = track(Socket.tcp());
    client.connect({ address: "127.0.0.1", port });
    expect(accept(listener).remoteAddress).toMatchObject({ address: "::ffff:127.0.0.1" });
  });

  test("'::' without dualStack takes IPv6 only", () => {
    const listener = track(Socket.listenTcp({ host: "::", dualStack: false }));
    const { port } = ipAddress(listener.localAddress);
    const client = track(Socket.tcp());
    client.connect({ address: "127.0.0.1", port });
    untilWritable(client);
    expect(() => client.finishConnect()).toThrow("ECONNREFUSED");
  });
});

describe("recv()", () => {
  test("is WOULD_BLOCK when there is nothing, 0 at the end of the stream", () => {
    const { client, server } = connectTcp();
    expect(server.recv(buffer)).toBe(WOULD_BLOCK);
    client.shutdown("write");
    untilReadable(server);
    expect(server.recv(buffer)).toBe(0);
    expect(server.recv(buffer)).toBe(0);
  });

  test("writes only the part that is named", () => {
    const { client, server } = connectTcp();
    send(client, "abcdef");
    untilReadable(server);
    buffer.fill(".");
    expect(server.recv(buffer, 2, 3)).toBe(3);
    expect(buffer.toString("latin1", 0, 7)).toBe("..abc..");
    expect(server.recv(buffer, 10)).toBe(3);
    expect(buffer.toString("latin1", 9, 14)).toBe(".def.");
  });

  test("with MSG_PEEK leaves the bytes where they are", () => {
    const { client, server } = connectTcp();
    send(client, "x");
    untilReadable(server);
    expect(server.recv(buffer, 0, 8, MSG_PEEK)).toBe(1);
    expect(server.recv(buffer)).toBe(1);
  });

  test("of 0 bytes is 0 and takes nothing", () => {
    const { client, server } = connectTcp();
    send(client, "x");
    untilReadable(server);
    expect(server.recv(buffer, 0, 0)).toBe(0);
    expect(server.recv(buffer)).toBe(1);
  });

  test.each([
    ["an offset behind the end", 257, undefined],
    ["a length beyond the end", 0, 257],
    ["a negative offset", -1, 1],
    ["a negative length", 0, -1],
    ["a fraction", 0.5, 1],
  ])("%s is a RangeError and receives nothing", (_, offset, length) => {
    const { server } = connectTcp();
    expect(() => server.recv(buffer, offset, length)).toThrow(
      expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }),
    );
  });

  test("into what is no buffer is a TypeError", () => {
    const { server } = connectTcp();
    expect(() => server.recv([] as never, 0, 0)).toThrow(
      expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG_TYPE" }),
    );
  });

  test("after the peer reset throws ECONNRESET, then says the end", () => {
    const { client, server } = connectTcp();
    client.setOption(SO_LINGER, 0);
    client.close();
    untilReadable(server);
    expect(errorOf(() => server.recv(buffer))).toMatchObject({
      name: "Error",
      code: "ECONNRESET",
      errno: -104,
      syscall: "recv",
    });
    expect(server.recv(buffer)).toBe(0);
    expect(server.remoteAddress).toBeUndefined();
  });

  test("on the connecting side the error names the peer", () => {
    const { client, server } = connectTcp();
    const { address, port } = ipAddress(client.remoteAddress);
    server.setOption(SO_LINGER, 0);
    server.close();
    untilReadable(client);
    expect(errorOf(() => client.recv(buffer))).toMatchObject({ code: "ECONNRESET", address, port });
  });

  test("on a socket that is not connected throws ENOTCONN", () => {
    const socket = track(Socket.tcp());
    expect(() => socket.recv(buffer)).toThrow(expect.objectContaining({ code: "ENOTCONN" }));
  });
});

describe("send()", () => {
  test("is WOULD_BLOCK when the buffers are full, and goes on when the peer reads", () => {
    const { client, server } = connectTcp();
    client.setOption(SO_SNDBUF, 65_536);
    let left = fill(client);
    expect(client.send(buffer)).toBe(WOULD_BLOCK);
    const chunk = Buffer.alloc(1 << 20);
    while (left > 0) {
      untilReadable(server);
      left -= server.recv(chunk);
    }
    untilWritable(client);
    expect(client.send(buffer)).toBe(buffer.length);
  });

  test("of 0 bytes is 0", () => {
    const { client, server } = connectTcp();
    expect(client.send(buffer, 0, 0)).toBe(0);
    expect(server.recv(buffer, 0, 256, MSG_DONTWAIT)).toBe(WOULD_BLOCK);
  });

  test("after shutdown('write') throws EPIPE, and raises no signal", () => {
    const { client } = connectTcp();
    client.shutdown("write");
    expect(() => client.send(buffer)).toThrow(
      expect.objectContaining({ code: "EPIPE", syscall: "send" }),
    );
  });

  test("after the peer reset throws ECONNRESET or EPIPE", () => {
    const { client, server } = connectTcp();
    server.setOption(SO_LINGER, 0);
    server.close();
    untilReadable(client);
    expect(() => client.send(buffer)).toThrow(/^send (ECONNRESET|EPIPE)/);
  });

  test("of a part sends that part", () => {
    const { client, server } = connectTcp();
    expect(client.send(Buffer.from("abcdef"), 1, 2)).toBe(2);
    expect(receive(server)).toBe("bc");
  });
});

describe("shutdown()", () => {
  test("'write' leaves the other direction open", () => {
    const { client, server } = connectTcp();
    client.shutdown("write");
    untilReadable(server);
    expect(server.recv(buffer)).toBe(0);
    send(server, "still");
    expect(receive(client)).toBe("still");
  });

  test("'read' makes recv answer 0", () => {
    const { client } = connectTcp();
    client.shutdown("read");
    expect(client.recv(buffer)).toBe(0);
  });

  test("'both' ends both", () => {
    const { client, server } = connectTcp();
    client.shutdown("both");
    untilReadable(server);
    expect(server.recv(buffer)).toBe(0);
    expect(client.recv(buffer)).toBe(0);
  });

  test("of a socket that is not connected throws ENOTCONN", () => {
    const socket = track(Socket.tcp());
    expect(() => socket.shutdown("both")).toThrow(expect.objectContaining({ code: "ENOTCONN" }));
  });

  test("of nothing is a TypeError", () => {
    const { client } = connectTcp();
    expect(() => client.shutdown("all" as never)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }),
    );
  });
});

describe("sendFile()", () => {
  const directory = mkdtempSync(join(tmpdir(), "sockets-"));
  const path = join(directory, "file");
  writeFileSync(path, "0123456789");

  test("sends a part of a file and answers how much", () => {
    const file = openSync(path, "r");
    try {
      const { client, server } = connectTcp();
      expect(client.sendFile(file, 3, 4)).toBe(4);
      expect(receive(server)).toBe("3456");
      expect(client.sendFile(file, 8, 100)).toBe(2);
      expect(receive(server)).toBe("89");
      expect(client.sendFile(file, 10, 1)).toBe(0);
      expect(client.sendFile(file, 0, 0)).toBe(0);
    } finally {
      closeSync(file);
      rmSync(directory, { recursive: true });
    }
  });

  test("of what is no descriptor throws", () => {
    const { client } = connectTcp();
    expect(() => client.sendFile(999_999, 0, 1)).toThrow(
      expect.objectContaining({ code: "EBADF", syscall: "sendfile" }),
    );
    expect(() => client.sendFile(-1, 0, 1)).toThrow(
      expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }),
    );
  });
});
