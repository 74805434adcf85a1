import { describe, expect, test } from "vitest";
import { systemKernel, WOULD_BLOCK } from "../../src/kernel/index.js";
import type { AddressLike, IpAddress } from "../../src/sockets/address.js";
import type { ControlMessage } from "../../src/sockets/control-records.js";
import { DatagramBatch } from "../../src/sockets/datagram-batch.js";
import {
  IP_PKTINFO,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
} from "../../src/sockets/ip-options.js";
import {
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_RECVTCLASS,
  IPV6_UNICAST_HOPS,
} from "../../src/sockets/ipv6-options.js";
import { Socket } from "../../src/sockets/socket.js";
import { UDP_GRO } from "../../src/sockets/udp-options.js";
import { errorOf, ipAddress, track, untilReadable } from "./support.js";

const { MSG_TRUNC } = systemKernel.constants;
const buffer = Buffer.alloc(2048);

function udp(address = "127.0.0.1"): { socket: Socket; bound: IpAddress } {
  const family = address.includes(":") ? "IPv6" : "IPv4";
  const socket = track(Socket.udp({ family }));
  socket.bind({ address, port: 0 });
  return { socket, bound: ipAddress(socket.localAddress) };
}

describe.each(["127.0.0.1", "::1"])("datagrams over %s", (address) => {
  test("arrive whole, one by one, with their sender", () => {
    const a = udp(address);
    const b = udp(address);
    expect(a.socket.sendto(Buffer.from("one"), b.bound)).toBe(3);
    expect(a.socket.sendto(Buffer.from("and two"), b.bound, { offset: 4, length: 3 })).toBe(3);
    untilReadable(b.socket);
    expect(b.socket.recvfrom(buffer)).toEqual({ bytes: 3, address: a.bound });
    expect(b.socket.recvfrom(buffer, { offset: 10 })).toEqual({ bytes: 3, address: a.bound });
    expect(buffer.toString("latin1", 10, 13)).toBe("two");
    expect(b.socket.recvfrom(buffer)).toBeUndefined();
  });

  test("may be empty", () => {
    const a = udp(address);
    const b = udp(address);
    expect(a.socket.sendto(buffer, b.bound, { length: 0 })).toBe(0);
    untilReadable(b.socket);
    expect(b.socket.recvfrom(buffer)).toEqual({ bytes: 0, address: a.bound });
  });
});

test("an IPv6 socket receives IPv4 as mapped addresses, and answers them", () => {
  const dual = udp("::");
  const plain = udp();
  plain.socket.sendto(Buffer.from("4"), { address: "127.0.0.1", port: dual.bound.port });
  untilReadable(dual.socket);
  const datagram = dual.socket.recvfrom(buffer);
  expect(datagram?.address).toEqual({
    family: "IPv6",
    address: "::ffff:127.0.0.1",
    port: plain.bound.port,
  });
  dual.socket.sendto(Buffer.from("back"), datagram?.address as AddressLike);
  untilReadable(plain.socket);
  expect(plain.socket.recvfrom(buffer)?.bytes).toBe(4);
});

test("a datagram longer than the buffer is cut, and recvmsg says so", () => {
  const a = udp();
  const b = udp();
  for (let i = 0; i < 2; i++) a.socket.sendto(Buffer.alloc(100), b.bound);
  untilReadable(b.socket);
  expect(b.socket.recvfrom(buffer, { length: 10 })).toMatchObject({ bytes: 10 });
  expect(b.socket.recvmsg(buffer, { length: 10 })).toMatchObject({ bytes: 10, isTruncated: true });
});

describe("a connected socket", () => {
  test("sends without an address, and disconnects", () => {
    const a = udp();
    const b = udp();
    expect(a.socket.connect(b.bound)).toBe(0);
    expect(a.socket.remoteAddress).toEqual(b.bound);
    expect(a.socket.send(Buffer.from("x"))).toBe(1);
    untilReadable(b.socket);
    expect(b.socket.recv(buffer)).toBe(1);
    a.socket.disconnect();
    expect(a.socket.remoteAddress).toBeUndefined();
    expect(() => a.socket.send(buffer)).toThrow("send EDESTADDRREQ");
  });

  test("learns that nobody is there: recv throws ECONNREFUSED with the address", () => {
    const a = udp();
    const gone = udp();
    gone.socket.close();
    a.socket.connect(gone.bound);
    a.socket.send(Buffer.from("x"));
    untilReadable(a.socket);
    expect(errorOf(() => a.socket.recv(buffer))).toMatchObject({
      code: "ECONNREFUSED",
      address: "127.0.0.1",
      port: gone.bound.port,
    });
    expect(a.socket.recv(buffer)).toBe(WOULD_BLOCK);
  });
});

test("sendto() reports the address: EMSGSIZE, EACCES, EINVAL", () => {
  const { socket, bound } = udp();
  expect(errorOf(() => socket.sendto(Buffer.alloc(65_536), bound))).toMatchObject({
    code: "EMSGSIZE",
    syscall: "sendto",
    address: "127.0.0.1",
    port: bound.port,
  });
  expect(() => socket.sendto(buffer, { address: "127.0.0.1", port: 0 })).toThrow("EINVAL");
});

describe("ancillary data", () => {
  function one(control: readonly ControlMessage[] | undefined, type: ControlMessage["type"]) {
    return control?.find((message) => message.type === type);
  }

  test("IP_PKTINFO tells interface and destination, IP_RECVTTL and IP_RECVTOS the header", () => {
    const a = udp();
    const b = udp("0.0.0.0");
    for (const option of [IP_PKTINFO, IP_RECVTTL, IP_RECVTOS]) b.socket.setOption(option, true);
    a.socket.setOption(IP_TTL, 42);
    a.socket.setOption(IP_TOS, 0x10);
    a.socket.sendto(Buffer.from("x"), { address: "127.0.0.2", port: b.bound.port });
    untilReadable(b.socket);
    const message = b.socket.recvmsg(buffer, { controlBytes: 256 });
    expect(message).toMatchObject({ bytes: 1, address: a.bound, isControlTruncated: false });
    expect(one(message?.control, "pktinfo")).toEqual({
      type: "pktinfo",
      family: "IPv4",
      interfaceIndex: systemKernel.if_nametoindex("lo"),
      address: "127.0.0.2",
      localAddress: "127.0.0.2",
    });
    expect(one(message?.control, "ttl")).toEqual({ type: "ttl", value: 42 });
    expect(one(message?.control, "tos")).toEqual({ type: "tos", value: 0x10 });
  });

  test("a sent pktinfo chooses the source address, a ttl and a tos the header", () => {
    const a = udp("0.0.0.0");
    const b = udp();
    for (const option of [IP_RECVTTL, IP_RECVTOS]) b.socket.setOption(option, true);
    a.socket.sendmsg(Buffer.from("x"), {
      address: b.bound,
      control: [
        { type: "pktinfo", family: "IPv4", interfaceIndex: 0, localAddress: "127.0.0.3" },
        { type: "ttl", value: 7 },
        { type: "tos", value: 8 },
      ],
    });
    untilReadable(b.socket);
    const message = b.socket.recvmsg(buffer, { controlBytes: 256 });
    expect(message?.address).toMatchObject({ address: "127.0.0.3" });
    expect(one(message?.control, "ttl")).toMatchObject({ value: 7 });
    expect(one(message?.control, "tos")).toMatchObject({ value: 8 });
  });

  test("the same over IPv6", () => {
    const a = udp("::1");
    const b = udp("::");
    for (const option of [IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS]) {
      b.socket.setOption(option, true);
    }
    a.socket.setOption(IPV6_UNICAST_HOPS, 9);
    a.socket.sendmsg([Buffer.from("a"), Buffer.from("b")], {
      address: { address: "::1", port: b.bound.port },
      control: [
        { type: "pktinfo", family: "IPv6", interfaceIndex: 0, localAddress: "::1" },
        { type: "trafficClass", value: 4 },
      ],
    });
    untilReadable(b.socket);
    const message = b.socket.recvmsg(buffer, { controlBytes: 256 });
    expect(message?.bytes).toBe(2);
    expect(one(message?.control, "pktinfo")).toMatchObject({ family: "IPv6", address: "::1" });
    expect(one(message?.control, "hopLimit")).toMatchObject({ value: 9 });
    expect(one(message?.control, "trafficClass")).toMatchObject({ value: 4 });
  });

  test.skipIf(UDP_GRO === undefined)("one buffer is cut into datagrams, and joined again", () => {
    const a = udp();
    const b = udp();
    a.socket.sendmsg(Buffer.alloc(300), {
      address: b.bound,
      control: [{ type: "segmentBytes", value: 100 }],
    });
    untilReadable(b.socket);
    expect(b.socket.recvfrom(buffer)?.bytes).toBe(100);
    while (b.socket.recvfrom(buffer) !== undefined);
    b.socket.setOption(UDP_GRO, true);
    a.socket.sendmsg(Buffer.alloc(300), {
      address: b.bound,
      control: [{ type: "segmentBytes", value: 100 }],
    });
    untilReadable(b.socket);
    const joined = b.socket.recvmsg(buffer, { controlBytes: 64 });
    expect(joined?.bytes).toBe(300);
    expect(joined?.control).toEqual([{ type: "segmentBytes", value: 100 }]);
  });

  test("without room for it is lost, and isControlTruncated says so", () => {
    const a = udp();
    const b = udp();
    b.socket.setOption(IP_PKTINFO, true);
    a.socket.sendto(Buffer.from("x"), b.bound);
    untilReadable(b.socket);
    const message = b.socket.recvmsg(buffer);
    expect(message).toMatchObject({ control: [], isControlTruncated: true });
  });

  test.each([
    [[{ type: "no such type" }], "ERR_INVALID_ARG_TYPE"],
    [[{ type: "ttl", value: -1 }], "ERR_OUT_OF_RANGE"],
    [
      [{ type: "pktinfo", family: "IPv4", interfaceIndex: 0, localAddress: "::1" }],
      "ERR_INVALID_ADDRESS",
    ],
    [[{ type: "raw", level: 0, number: 0, data: Buffer.alloc(5000) }], "ERR_OUT_OF_RANGE"],
  ])("%j is refused with %s", (control, code) => {
    const { socket, bound } = udp();
    expect(() =>
      socket.sendmsg(buffer, { address: bound, control: control as ControlMessage[] }),
    ).toThrow(expect.objectContaining({ code }));
  });
});

describe("batches", () => {
  test("are received with one call, and sent back with one", () => {
    const server = udp();
    const clients = [udp(), udp(), udp()];
    for (const [i, client] of clients.entries()) {
      client.socket.sendto(Buffer.from(`datagram ${i}`), server.bound);
    }
    untilReadable(server.socket);
    const batch = new DatagramBatch();
    expect(server.socket.recvmmsg(batch)).toBe(3);
    expect(batch.count).toBe(3);
    for (const [i, client] of clients.entries()) {
      expect(Buffer.from(batch.data(i)).toString()).toBe(`datagram ${i}`);
      expect(batch.address(i)).toEqual(client.bound);
    }
    expect(server.socket.sendmmsg(batch, { start: 1 })).toBe(2);
    expect(server.socket.sendmmsg(batch)).toBe(3);
    const received = clients.map(({ socket }) => {
      untilReadable(socket);
      let count = 0;
      while (socket.recvfrom(buffer) !== undefined) count++;
      return count;
    });
    expect(received).toEqual([1, 2, 2]);
  });

  test("when nothing is there recvmmsg is WOULD_BLOCK, and the batch empty", () => {
    const batch = new DatagramBatch();
    batch.add(Buffer.from("old"));
    expect(udp().socket.recvmmsg(batch)).toBe(WOULD_BLOCK);
    expect(batch.count).toBe(0);
    expect(() => batch.data(0)).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
  });

  test("take no more than they have room for", () => {
    const a = udp();
    const b = udp();
    for (let i = 0; i < 5; i++) a.socket.sendto(Buffer.from(`${i}`), b.bound);
    untilReadable(b.socket);
    const batch = new DatagramBatch({ slots: 2, slotBytes: 1 });
    expect(b.socket.recvmmsg(batch)).toBe(2);
    expect(b.socket.recvmmsg(batch)).toBe(2);
    expect(b.socket.recvmmsg(batch)).toBe(1);
    expect(batch.data(0)).toEqual(new Uint8Array(Buffer.from("4")));
  });

  test("are filled by hand, with addresses or for the connected peer", () => {
    const a = udp();
    const b = udp();
    const batch = new DatagramBatch({ slots: 2, slotBytes: 8 });
    batch.add(Buffer.from("to b"), b.bound);
    expect(() => batch.add(Buffer.from("x"))).toThrow(
      expect.objectContaining({ code: "ERR_MIXED_BATCH" }),
    );
    batch.add(Buffer.alloc(0), b.bound);
    expect(() => batch.add(Buffer.from("x"), b.bound)).toThrow(
      expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }),
    );
    expect(a.socket.sendmmsg(batch)).toBe(2);
    batch.clear();
    batch.add(Buffer.from("peer"));
    expect(batch.address(0)).toBeUndefined();
    a.socket.connect(b.bound);
    expect(a.socket.sendmmsg(batch)).toBe(1);
    untilReadable(b.socket);
    const sizes = [b, b, b].map(({ socket }) => socket.recvfrom(buffer)?.bytes);
    expect(sizes).toEqual([4, 0, 4]);
  });

  test("with MSG_TRUNC the length is that of the datagram, the data what there is of it", () => {
    const a = udp();
    const b = udp();
    a.socket.sendto(Buffer.alloc(100), b.bound);
    untilReadable(b.socket);
    const batch = new DatagramBatch({ slots: 1, slotBytes: 10 });
    expect(b.socket.recvmmsg(batch, MSG_TRUNC)).toBe(1);
    expect(batch.lengths[0]).toBe(100);
    expect(batch.data(0)).toHaveLength(10);
  });

  test("an empty batch sends nothing", () => {
    expect(udp().socket.sendmmsg(new DatagramBatch())).toBe(0);
  });

  test.each([{ slots: 0 }, { slots: 65 }, { slotBytes: 0 }, { slotBytes: 65_537 }, { slots: 1.5 }])(
    "%j is out of range",
    (options) => {
      expect(() => new DatagramBatch(options)).toThrow(
        expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }),
      );
    },
  );

  test("a start beyond the batch is out of range", () => {
    expect(() => udp().socket.sendmmsg(new DatagramBatch(), { start: 1 })).toThrow(
      expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }),
    );
  });
});
