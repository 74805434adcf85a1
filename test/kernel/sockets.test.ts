/** Making sockets, naming them, joining them. */
import { describe, expect, test } from "vitest";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  closeNow,
  expectErrno,
  expectMisuse,
  kernel,
  listener,
  loopback,
  nameOf,
  ok,
  own,
  pair,
  pipe,
  portOf,
  record,
  SOCK_DGRAM,
  SOCK_STREAM,
  socket,
  tcpPair,
  udp,
} from "./support.js";

const out = new Int32Array(2);
const { SHUT_WR, SHUT_RD, AF_UNSPEC } = kernel.constants;

describe("socket() and socketpair()", () => {
  test("refuse families, types and protocols that there are not", () => {
    expectErrno(kernel.socket(9999, SOCK_STREAM, 0, false), "EAFNOSUPPORT");
    expectErrno(kernel.socket(AF_INET, SOCK_STREAM, 17, false), "EPROTONOSUPPORT");
    expect(kernel.socket(AF_INET, 99, 0, false)).toBeLessThan(0);
    expectErrno(kernel.socketpair(AF_INET, SOCK_STREAM, 0, false, out), "ENOTSUP");
  });

  test("a pair's out array must hold two", () => {
    expectMisuse(
      () => kernel.socketpair(AF_UNIX, SOCK_STREAM, 0, false, new Int32Array(1)),
      RangeError,
      "ERR_OUT_OF_RANGE",
    );
  });
});

describe("bind(), listen(), connect(), accept4()", () => {
  test("join a client and a server, each seeing the other's address", () => {
    const server = listener();
    const client = socket(AF_INET, SOCK_STREAM);
    kernel.connect(client, server.address);
    const peer = new Uint8Array(120);
    const accepted = own(kernel.accept4(server.fd, false, peer));
    expect(peer).toEqual(nameOf(client));
    const other = new Uint8Array(120);
    ok(kernel.getpeername(client, other));
    expect(other).toEqual(server.address);
    expect(portOf(nameOf(accepted))).toBe(portOf(server.address));
  });

  test("accept4() would block without a client, and refuses what does not listen", () => {
    expectErrno(kernel.accept4(listener().fd, false, undefined), "EAGAIN");
    expectErrno(kernel.accept4(socket(AF_INET, SOCK_STREAM), false, undefined), "EINVAL");
    expectErrno(kernel.accept4(pipe()[0], false, undefined), "ENOTSOCK");
  });

  test("a taken port is EADDRINUSE, a refused connection ECONNREFUSED", () => {
    const { fd, address } = listener();
    expectErrno(kernel.bind(socket(AF_INET, SOCK_STREAM), address), "EADDRINUSE");
    closeNow(fd);
    const client = socket(AF_INET, SOCK_STREAM);
    const result = kernel.connect(client, address);
    if (result !== 0) expect([-111, -115, -61, -36]).toContain(result);
    ok(kernel.getsockopt_int(client, kernel.constants.SOL_SOCKET, kernel.constants.SO_ERROR, out));
  });

  test("abstract and empty unix names come back as they are (Linux)", ({ skip }) => {
    if (process.platform !== "linux") skip();
    const name = Buffer.from(`\0socket-reactor-${process.pid}-\0-inside`);
    const server = socket(AF_UNIX, SOCK_STREAM);
    ok(kernel.bind(server, record(AF_UNIX, 0, name)));
    expect(nameOf(server)).toEqual(record(AF_UNIX, 0, name));
    const unnamed = socket(AF_UNIX, SOCK_STREAM);
    expect(nameOf(unnamed)).toEqual(record(AF_UNIX, 0, []));
    expectErrno(kernel.connect(unnamed, record(AF_UNIX, 0, name)), "ECONNREFUSED");
    ok(kernel.listen(server, 1));
    ok(kernel.connect(unnamed, record(AF_UNIX, 0, name)));
  });

  test("an abstract name may fill sun_path (Linux)", ({ skip }) => {
    if (process.platform !== "linux") skip();
    const name = new Uint8Array(108).fill(0x61);
    name[0] = 0;
    const fd = socket(AF_UNIX, SOCK_DGRAM);
    ok(kernel.bind(fd, record(AF_UNIX, 0, name)));
    expect(nameOf(fd)).toEqual(record(AF_UNIX, 0, name));
  });

  test("an IPv6 record keeps port and scope", () => {
    const fd = socket(AF_INET6, SOCK_DGRAM);
    const result = kernel.bind(fd, record(AF_INET6, 0, [...new Uint8Array(15), 1]));
    if (result < 0) return; // No IPv6 here.
    const name = nameOf(fd);
    expect(portOf(name)).toBeGreaterThan(0);
    expect([...name.subarray(12, 28)]).toEqual([...new Uint8Array(15), 1]);
  });

  test("connecting to AF_UNSPEC dissolves a datagram socket's association", () => {
    const { fd } = udp();
    ok(kernel.connect(fd, udp().address));
    ok(kernel.getpeername(fd, new Uint8Array(120)));
    ok(kernel.connect(fd, record(AF_UNSPEC, 0, [])));
    expectErrno(kernel.getpeername(fd, new Uint8Array(120)), "ENOTCONN");
  });
});

describe("address records", () => {
  const bad: [string, Uint8Array][] = [
    ["an unknown family", record(999, 0, [127, 0, 0, 1])],
    ["IPv4 of 3 bytes", record(AF_INET, 0, [127, 0, 0])],
    ["IPv6 of 4 bytes", record(AF_INET6, 0, [0, 0, 0, 1])],
    ["a path without room for its NUL", record(AF_UNIX, 0, new Uint8Array(108).fill(0x61))],
    ["a record cut short", loopback().subarray(0, 119)],
  ];
  test.each(bad)("%s is a RangeError", (_what, address) => {
    const fd = socket(AF_INET, SOCK_DGRAM);
    expectMisuse(() => kernel.bind(fd, address), RangeError, "ERR_OUT_OF_RANGE");
  });

  test("a length beyond the record is a RangeError", () => {
    const address = record(AF_UNIX, 0, [0]);
    address.set([0xff, 0xff, 0xff, 0xff], 8);
    const fd = socket(AF_UNIX, SOCK_DGRAM);
    expectMisuse(() => kernel.bind(fd, address), RangeError, "ERR_OUT_OF_RANGE");
  });
});

describe("shutdown()", () => {
  test("ends one direction: the peer reads the end, and can still send", () => {
    const [client, server] = tcpPair();
    ok(kernel.shutdown(client, SHUT_WR));
    const bytes = new Uint8Array(8);
    expect(kernel.recv(server, bytes, 0, 8, 0)).toBe(0);
    expect(kernel.send(server, bytes, 0, 3, 0)).toBe(3);
    expect(kernel.recv(client, bytes, 0, 8, 0)).toBe(3);
    expectErrno(kernel.send(client, bytes, 0, 1, 0), "EPIPE");
  });

  test("is refused without a connection, and with a number that means nothing", () => {
    expectErrno(kernel.shutdown(socket(AF_INET, SOCK_STREAM), SHUT_RD), "ENOTCONN");
    expectErrno(kernel.shutdown(pair()[0], 99), "EINVAL");
  });
});

describe("if_nametoindex()", () => {
  const name = process.platform === "linux" ? "lo" : "lo0";

  test("knows the loopback interface, and none without a name", () => {
    expect(kernel.if_nametoindex(name)).toBeGreaterThan(0);
    expect(kernel.if_nametoindex("")).toBeLessThan(0);
    expect(kernel.if_nametoindex("no-such-if")).toBeLessThan(0);
    expectMisuse(() => kernel.if_nametoindex("x".repeat(16)), RangeError, "ERR_OUT_OF_RANGE");
    expectMisuse(() => kernel.if_nametoindex(1 as never), TypeError, "ERR_INVALID_ARG_TYPE");
  });

  test("does not take a name for what stands before its NUL", () => {
    const call = () => kernel.if_nametoindex(`${name}\0x`);
    expectMisuse(call, TypeError, "ERR_INVALID_ARG_VALUE");
  });
});
