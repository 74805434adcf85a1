import { describe, expect, test } from "vitest";
import { SystemError, systemKernel } from "../../src/kernel/index.js";
import * as ipOptions from "../../src/sockets/ip-options.js";
import * as ipv6Options from "../../src/sockets/ipv6-options.js";
import { getFdOption, type SocketOption, setFdOption } from "../../src/sockets/option.js";
import { Socket } from "../../src/sockets/socket.js";
import * as socketOptions from "../../src/sockets/socket-options.js";
import { TCP_MD5SIG } from "../../src/sockets/tcp-md5.js";
import * as tcpOptions from "../../src/sockets/tcp-options.js";
import * as udpOptions from "../../src/sockets/udp-options.js";
import { connectTcp, errorOf, track } from "./support.js";

const makers = {
  tcp: () => Socket.tcp(),
  tcp6: () => Socket.tcp({ family: "IPv6" }),
  udp: () => Socket.udp(),
  udp6: () => Socket.udp({ family: "IPv6" }),
  unix: () => Socket.unix(),
};

type Maker = keyof typeof makers;

/**
 * Every option that is set and read as one int: on which socket, and values.
 */
const roundTrips: Readonly<Record<string, { on: Maker; values: readonly unknown[] }>> = {
  SO_REUSEADDR: { on: "tcp", values: [true, false] },
  SO_REUSEPORT: { on: "tcp", values: [true, false] },
  SO_KEEPALIVE: { on: "tcp", values: [true, false] },
  SO_BROADCAST: { on: "udp", values: [true, false] },
  SO_OOBINLINE: { on: "tcp", values: [true, false] },
  SO_DONTROUTE: { on: "udp", values: [true, false] },
  SO_RCVLOWAT: { on: "tcp", values: [1, 100] },
  SO_PASSCRED: { on: "unix", values: [true, false] },
  SO_PRIORITY: { on: "tcp", values: [0, 6] },
  SO_MARK: { on: "tcp", values: [0, 7] },
  SO_BUSY_POLL: { on: "tcp", values: [50, 0] },
  SO_PREFER_BUSY_POLL: { on: "tcp", values: [true, false] },
  SO_BUSY_POLL_BUDGET: { on: "tcp", values: [] }, // Linux does not tell it, see below.
  SO_INCOMING_CPU: { on: "tcp", values: [0, 1] },
  SO_RXQ_OVFL: { on: "udp", values: [true, false] },
  SO_TIMESTAMP: { on: "udp", values: [true, false] },
  SO_TIMESTAMPNS: { on: "udp", values: [true, false] },
  SO_ZEROCOPY: { on: "tcp", values: [true, false] },
  TCP_NODELAY: { on: "tcp", values: [true, false] },
  TCP_CORK: { on: "tcp", values: [true, false] },
  TCP_NOTSENT_LOWAT: { on: "tcp", values: [16_384, 0] },
  TCP_KEEPIDLE: { on: "tcp", values: [1, 32_767] },
  TCP_KEEPINTVL: { on: "tcp", values: [1, 32_767] },
  TCP_KEEPCNT: { on: "tcp", values: [1, 127] },
  TCP_USER_TIMEOUT: { on: "tcp", values: [5000, 0] },
  TCP_SYNCNT: { on: "tcp", values: [1, 127] },
  TCP_LINGER2: { on: "tcp", values: [10, -1] },
  TCP_MAXSEG: { on: "tcp", values: [] }, // Answers the segment size in force, see below.
  TCP_WINDOW_CLAMP: { on: "tcp", values: [] }, // Rounded up by the kernel, see below.
  TCP_QUICKACK: { on: "tcp", values: [true, false] },
  TCP_FASTOPEN: { on: "tcp", values: [] }, // A listener's, see below.
  TCP_DEFER_ACCEPT: { on: "tcp", values: [] }, // Rounded to retransmissions, see below.
  TCP_FASTOPEN_CONNECT: { on: "tcp", values: [true, false] },
  TCP_FASTOPEN_NO_COOKIE: { on: "tcp", values: [true, false] },
  TCP_SAVE_SYN: { on: "tcp", values: [1, 2, 0] },
  TCP_INQ: { on: "tcp", values: [true, false] },
  TCP_TX_DELAY: { on: "tcp", values: [1000, 0] },
  TCP_THIN_LINEAR_TIMEOUTS: { on: "tcp", values: [true, false] },
  IP_TOS: { on: "tcp", values: [0x10, 0] },
  IP_TTL: { on: "tcp", values: [1, 255] },
  IP_TRANSPARENT: { on: "tcp", values: [true, false] },
  IP_FREEBIND: { on: "tcp", values: [true, false] },
  IP_BIND_ADDRESS_NO_PORT: { on: "tcp", values: [true, false] },
  IP_RECVORIGDSTADDR: { on: "udp", values: [true, false] },
  IP_PKTINFO: { on: "udp", values: [true, false] },
  IP_RECVTOS: { on: "udp", values: [true, false] },
  IP_RECVTTL: { on: "udp", values: [true, false] },
  IP_RECVERR: { on: "udp", values: [true, false] },
  IP_MTU_DISCOVER: { on: "udp", values: [0, 1, 2, 3] },
  IP_LOCAL_PORT_RANGE: { on: "tcp", values: [40_000 | (50_000 << 16), 0] },
  IP_MULTICAST_TTL: { on: "udp", values: [0, 1, 255] },
  IP_MULTICAST_LOOP: { on: "udp", values: [false, true] },
  IP_MULTICAST_ALL: { on: "udp", values: [false, true] },
  IPV6_V6ONLY: { on: "tcp6", values: [true, false] },
  IPV6_UNICAST_HOPS: { on: "tcp6", values: [1, 255] },
  IPV6_TCLASS: { on: "udp6", values: [0, 255] },
  IPV6_RECVPKTINFO: { on: "udp6", values: [true, false] },
  IPV6_RECVHOPLIMIT: { on: "udp6", values: [true, false] },
  IPV6_RECVTCLASS: { on: "udp6", values: [true, false] },
  IPV6_RECVERR: { on: "udp6", values: [true, false] },
  IPV6_MTU_DISCOVER: { on: "udp6", values: [0, 1, 2, 3] },
  IPV6_DONTFRAG: { on: "udp6", values: [true, false] },
  IPV6_FREEBIND: { on: "tcp6", values: [true, false] },
  IPV6_TRANSPARENT: { on: "tcp6", values: [true, false] },
  IPV6_RECVORIGDSTADDR: { on: "udp6", values: [true, false] },
  IPV6_MULTICAST_IF: { on: "udp6", values: [1, 0] },
  IPV6_MULTICAST_HOPS: { on: "udp6", values: [1, 255] },
  IPV6_MULTICAST_LOOP: { on: "udp6", values: [false, true] },
  UDP_CORK: { on: "udp", values: [true, false] },
  UDP_SEGMENT: { on: "udp", values: [1000, 0] },
  UDP_GRO: { on: "udp", values: [true, false] },
};

/** Options with tests of their own below. */
const others = [
  ...["SO_ACCEPTCONN", "SO_BINDTODEVICE", "SO_COOKIE", "SO_DOMAIN", "SO_LINGER"],
  ...["SO_MAX_PACING_RATE", "SO_PROTOCOL", "SO_RCVBUF", "SO_RCVBUFFORCE", "SO_RCVTIMEO"],
  ...["SO_SNDBUF", "SO_SNDBUFFORCE", "SO_SNDLOWAT", "SO_SNDTIMEO", "SO_TYPE", "TCP_CONGESTION"],
  ...["IP_ADD_MEMBERSHIP", "IP_DROP_MEMBERSHIP", "IP_MTU", "IP_MULTICAST_IF"],
  ...["IPV6_JOIN_GROUP", "IPV6_LEAVE_GROUP", "IPV6_MTU"],
];

const all: Readonly<Record<string, SocketOption<unknown> | undefined>> = {
  ...(socketOptions as object),
  ...(tcpOptions as object),
  ...(ipOptions as object),
  ...(ipv6Options as object),
  ...(udpOptions as object),
};

const isPrivileged = process.getuid?.() === 0;

/** Some need CAP_NET_ADMIN: without it the kernel must say so, and nothing else is tested. */
function setIfAllowed(socket: Socket, option: SocketOption<unknown>, value: unknown): boolean {
  try {
    socket.setOption(option, value);
    return true;
  } catch (error) {
    const isRefused = error instanceof SystemError && error.code === "EPERM" && !isPrivileged;
    if (!isRefused) throw error;
    return false;
  }
}

test("every option of this system is tested", () => {
  const present = Object.entries(all).flatMap(([name, option]) => (option ? [name] : []));
  expect(present.filter((name) => !(name in roundTrips) && !others.includes(name))).toEqual([]);
});

describe.each(Object.entries(roundTrips))("%s", (name, { on, values }) => {
  const option = all[name];

  test.skipIf(option === undefined)("what is set is read back, typed and raw", () => {
    if (option === undefined) return;
    const socket = track(makers[on]());
    expect(option.name).toBe(name);
    for (const value of values) {
      if (!setIfAllowed(socket, option, value)) return;
      expect(socket.getOption(option)).toBe(value);
      const raw = socket.getsockopt(option.level, option.number);
      if (typeof value === "boolean") expect(raw !== 0).toBe(value);
      else expect(raw).toBe(value);
    }
  });

  test.skipIf(option === undefined)("another type is refused before the kernel sees it", () => {
    if (option === undefined) return;
    const socket = track(makers[on]());
    for (const value of ["1", undefined, {}]) {
      expect(() => socket.setOption(option, value)).toThrow(
        expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG_TYPE" }),
      );
    }
  });
});

describe("an int out of range", () => {
  test.each([
    [tcpOptions.TCP_KEEPCNT, 128],
    [tcpOptions.TCP_KEEPIDLE, 0],
    [tcpOptions.TCP_USER_TIMEOUT, -1],
    [tcpOptions.TCP_USER_TIMEOUT, 2 ** 31],
    [tcpOptions.TCP_USER_TIMEOUT, 1.5],
    [tcpOptions.TCP_USER_TIMEOUT, Number.NaN],
    [ipOptions.IP_TTL, 256],
  ])("is a RangeError, %#", (option, value) => {
    const socket = track(Socket.tcp());
    expect(() => socket.setOption(option, value)).toThrow(
      expect.objectContaining({ name: "RangeError", code: "ERR_OUT_OF_RANGE" }),
    );
  });
});

describe("an option the socket does not have", () => {
  test("is the kernel's error, with the option's name", () => {
    const socket = track(Socket.unix());
    expect(errorOf(() => socket.setOption(tcpOptions.TCP_NODELAY, true))).toMatchObject({
      code: expect.stringMatching(/^(EOPNOTSUPP|ENOTSUP|ENOPROTOOPT)$/),
      syscall: "setsockopt",
      message: expect.stringMatching(/ TCP_NODELAY$/),
    });
    expect(() => socket.getOption(tcpOptions.TCP_NODELAY)).toThrow(/^getsockopt .* TCP_NODELAY$/);
  });

  test("that no system here has is undefined, and says so", () => {
    const socket = track(Socket.tcp());
    expect(() => socket.setOption(undefined, 1)).toThrow(
      expect.objectContaining({ code: "ERR_NOT_SUPPORTED" }),
    );
    expect(() => socket.getOption(undefined)).toThrow(
      expect.objectContaining({ code: "ERR_NOT_SUPPORTED" }),
    );
  });
});

describe("SO_LINGER", () => {
  const { SO_LINGER } = socketOptions;

  test("is seconds or false", () => {
    const socket = track(Socket.tcp());
    expect(socket.getOption(SO_LINGER)).toBe(false);
    for (const value of [0, 5, false] as const) {
      socket.setOption(SO_LINGER, value);
      expect(socket.getOption(SO_LINGER)).toBe(value);
    }
    socket.setOption(SO_LINGER, 3);
    const bytes = socket.getsockopt(SO_LINGER.level, SO_LINGER.number, 64);
    expect([...new Int32Array(bytes.slice().buffer)]).toEqual([1, 3]);
    expect(() => socket.setOption(SO_LINGER, -1)).toThrow(RangeError);
  });
});

describe("buffers", () => {
  test("SO_SNDBUF and SO_RCVBUF answer what the kernel made of it", () => {
    const socket = track(Socket.tcp());
    const factor = process.platform === "linux" ? 2 : 1;
    for (const option of [socketOptions.SO_SNDBUF, socketOptions.SO_RCVBUF]) {
      socket.setOption(option, 20_000);
      expect(socket.getOption(option)).toBe(20_000 * factor);
    }
  });

  test("SO_SNDBUFFORCE and SO_RCVBUFFORCE go beyond the limit", () => {
    const { SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_SNDBUF, SO_RCVBUF } = socketOptions;
    if (SO_SNDBUFFORCE === undefined || SO_RCVBUFFORCE === undefined) return;
    const socket = track(Socket.tcp());
    if (!setIfAllowed(socket, SO_SNDBUFFORCE as SocketOption<unknown>, 30_000_000)) return;
    socket.setOption(SO_RCVBUFFORCE, 30_000_000);
    expect(socket.getOption(SO_SNDBUF)).toBe(60_000_000);
    expect(socket.getOption(SO_RCVBUF)).toBe(60_000_000);
  });

  test("SO_SNDLOWAT can be read", () => {
    expect(track(Socket.tcp()).getOption(socketOptions.SO_SNDLOWAT)).toBeGreaterThan(0);
  });
});

test("SO_RCVTIMEO and SO_SNDTIMEO are milliseconds", () => {
  const socket = track(Socket.tcp());
  for (const option of [socketOptions.SO_RCVTIMEO, socketOptions.SO_SNDTIMEO]) {
    expect(socket.getOption(option)).toBe(0);
    socket.setOption(option, 1500);
    expect(socket.getOption(option)).toBe(1500);
    const raw = socket.getsockopt(option.level, option.number, 64);
    const longs = new BigInt64Array(raw.slice().buffer);
    expect([...longs]).toEqual([1n, 500_000n]);
  }
});

test.skipIf(socketOptions.SO_BUSY_POLL_BUDGET === undefined)("SO_BUSY_POLL_BUDGET is set", () => {
  const option = socketOptions.SO_BUSY_POLL_BUDGET as SocketOption<unknown>;
  const socket = track(Socket.tcp());
  if (setIfAllowed(socket, option, 8))
    expect(() => socket.getOption(option)).toThrow("ENOPROTOOPT");
});

test("what a socket is can be read, not set", () => {
  const { SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ACCEPTCONN } = socketOptions;
  const { SOCK_STREAM, AF_INET, IPPROTO_TCP } = systemKernel.constants;
  const socket = track(Socket.listenTcp());
  expect(socket.getOption(SO_TYPE)).toBe(SOCK_STREAM);
  if (SO_DOMAIN) expect(socket.getOption(SO_DOMAIN)).toBe(AF_INET);
  if (SO_PROTOCOL) expect(socket.getOption(SO_PROTOCOL)).toBe(IPPROTO_TCP);
  expect(socket.getOption(SO_ACCEPTCONN)).toBe(true);
  expect(() => socket.setOption(SO_TYPE, 1)).toThrow(
    expect.objectContaining({ code: "ERR_READ_ONLY_OPTION" }),
  );
});

test.skipIf(socketOptions.SO_COOKIE === undefined)("SO_COOKIE differs for every socket", () => {
  const [a, b] = [track(Socket.tcp()), track(Socket.tcp())];
  const cookie = a.getOption(socketOptions.SO_COOKIE);
  expect(cookie).toBeTypeOf("bigint");
  expect(a.getOption(socketOptions.SO_COOKIE)).toBe(cookie);
  expect(b.getOption(socketOptions.SO_COOKIE)).not.toBe(cookie);
});

test.skipIf(socketOptions.SO_MAX_PACING_RATE === undefined)("SO_MAX_PACING_RATE is bytes", () => {
  const { SO_MAX_PACING_RATE } = socketOptions;
  const socket = track(Socket.tcp());
  expect(socket.getOption(SO_MAX_PACING_RATE)).toBe(Infinity);
  for (const rate of [1_000_000, 2 ** 40, Infinity]) {
    socket.setOption(SO_MAX_PACING_RATE, rate);
    expect(socket.getOption(SO_MAX_PACING_RATE)).toBe(rate);
  }
  expect(() => socket.setOption(SO_MAX_PACING_RATE, -1)).toThrow(RangeError);
});

describe("strings", () => {
  test.skipIf(tcpOptions.TCP_CONGESTION === undefined)("TCP_CONGESTION names an algorithm", () => {
    const { TCP_CONGESTION } = tcpOptions;
    const socket = track(Socket.tcp());
    const name = socket.getOption(TCP_CONGESTION);
    expect(name).toMatch(/^[a-z0-9_]+$/);
    socket.setOption(TCP_CONGESTION, "reno");
    expect(socket.getOption(TCP_CONGESTION)).toBe("reno");
    expect(() => socket.setOption(TCP_CONGESTION, "no-such")).toThrow("ENOENT");
    expect(() => socket.setOption(TCP_CONGESTION, "x".repeat(16))).toThrow(RangeError);
  });

  test.skipIf(socketOptions.SO_BINDTODEVICE === undefined)("SO_BINDTODEVICE an interface", () => {
    const option = socketOptions.SO_BINDTODEVICE as SocketOption<unknown>;
    const socket = track(Socket.udp());
    expect(socket.getOption(option)).toBe("");
    if (!setIfAllowed(socket, option, "lo")) return;
    expect(socket.getOption(option)).toBe("lo");
    if (setIfAllowed(socket, option, "")) expect(socket.getOption(option)).toBe("");
    expect(() => socket.setOption(option, "no-such-if")).toThrow("ENODEV");
  });
});

describe("what the kernel rounds", () => {
  test.runIf(process.platform === "linux")("TCP_MAXSEG, TCP_WINDOW_CLAMP, TCP_DEFER_ACCEPT", () => {
    const socket = track(Socket.tcp());
    socket.setOption(tcpOptions.TCP_MAXSEG, 1000);
    expect(socket.getOption(tcpOptions.TCP_MAXSEG)).toBeLessThanOrEqual(1000);
    socket.setOption(tcpOptions.TCP_WINDOW_CLAMP, 65_536);
    expect(socket.getOption(tcpOptions.TCP_WINDOW_CLAMP)).toBeGreaterThanOrEqual(65_536);
    socket.setOption(tcpOptions.TCP_DEFER_ACCEPT, 2);
    expect(socket.getOption(tcpOptions.TCP_DEFER_ACCEPT)).toBeGreaterThanOrEqual(2);
  });

  test.skipIf(tcpOptions.TCP_FASTOPEN === undefined)("TCP_FASTOPEN is a listener's queue", () => {
    const listener = track(Socket.listenTcp());
    listener.setOption(tcpOptions.TCP_FASTOPEN, 16);
    expect(listener.getOption(tcpOptions.TCP_FASTOPEN)).toBe(16);
  });
});

describe("path MTU", () => {
  test.skipIf(ipOptions.IP_MTU === undefined)("IP_MTU of a connection", () => {
    expect(connectTcp().client.getOption(ipOptions.IP_MTU)).toBeGreaterThanOrEqual(1280);
    const unconnected = track(Socket.udp());
    expect(() => unconnected.getOption(ipOptions.IP_MTU)).toThrow("ENOTCONN");
  });

  test.skipIf(ipv6Options.IPV6_MTU === undefined)("IPV6_MTU of a connection", () => {
    expect(connectTcp("::1").client.getOption(ipv6Options.IPV6_MTU)).toBeGreaterThanOrEqual(1280);
  });
});

describe("multicast", () => {
  const { IP_ADD_MEMBERSHIP, IP_DROP_MEMBERSHIP, IP_MULTICAST_IF } = ipOptions;

  test("a group is joined by interface address or index, and left", () => {
    const socket = track(Socket.udp());
    const group = "239.255.17.1";
    const interfaceIndex = systemKernel.if_nametoindex("lo");
    const byAddress = { group, interfaceAddress: "127.0.0.1" };
    socket.setOption(IP_ADD_MEMBERSHIP, byAddress);
    expect(() => socket.setOption(IP_ADD_MEMBERSHIP, byAddress)).toThrow("EADDRINUSE");
    socket.setOption(IP_DROP_MEMBERSHIP, { group, interfaceIndex });
    expect(() => socket.setOption(IP_DROP_MEMBERSHIP, byAddress)).toThrow("EADDRNOTAVAIL");
  });

  test("a datagram to a joined group arrives", () => {
    const receiver = track(Socket.udp());
    receiver.bind({ address: "0.0.0.0", port: 0 });
    const address = receiver.localAddress;
    const port = address !== undefined && "port" in address ? address.port : 0;
    receiver.setOption(IP_ADD_MEMBERSHIP, {
      group: "239.255.17.2",
      interfaceAddress: "127.0.0.1",
    });
    const sender = track(Socket.udp());
    sender.setOption(IP_MULTICAST_IF, "127.0.0.1");
    expect(sender.getOption(IP_MULTICAST_IF)).toBe("127.0.0.1");
    sender.sendto(Buffer.from("to all"), { address: "239.255.17.2", port });
    expect(receiver.recvfrom(Buffer.alloc(16))?.bytes).toBe(6);
  });

  test("an IPv6 group is joined and left", () => {
    const socket = track(Socket.udp({ family: "IPv6" }));
    const membership = { group: "ff15::17", interfaceIndex: systemKernel.if_nametoindex("lo") };
    socket.setOption(ipv6Options.IPV6_JOIN_GROUP, membership);
    socket.setOption(ipv6Options.IPV6_LEAVE_GROUP, membership);
    expect(() => socket.setOption(ipv6Options.IPV6_LEAVE_GROUP, membership)).toThrow(
      "EADDRNOTAVAIL",
    );
  });

  test.each([
    [IP_ADD_MEMBERSHIP, { group: "::1" }, "ERR_INVALID_ADDRESS"],
    [IP_ADD_MEMBERSHIP, { group: 1 }, "ERR_INVALID_ARG_TYPE"],
    [IP_ADD_MEMBERSHIP, "239.1.1.1", "ERR_INVALID_ARG_TYPE"],
    [IP_ADD_MEMBERSHIP, { group: "239.1.1.1", interfaceIndex: -1 }, "ERR_OUT_OF_RANGE"],
    [ipv6Options.IPV6_JOIN_GROUP, { group: "239.1.1.1" }, "ERR_INVALID_ADDRESS"],
  ])("a bad membership is refused, %#", (option, value, code) => {
    const socket = track(Socket.udp());
    expect(() => socket.setOption(option, value as never)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test("a membership cannot be read", () => {
    expect(() => track(Socket.udp()).getOption(IP_ADD_MEMBERSHIP)).toThrow(
      expect.objectContaining({ code: "ERR_WRITE_ONLY_OPTION" }),
    );
  });
});

describe.skipIf(TCP_MD5SIG === undefined)("TCP_MD5SIG", () => {
  const peer = { address: "127.0.0.1", port: 0 };

  test("takes a key for a peer, and refuses a long one", () => {
    const socket = track(Socket.tcp());
    try {
      socket.setOption(TCP_MD5SIG, { peer, key: Buffer.from("secret") });
      socket.setOption(TCP_MD5SIG, { peer, key: new Uint8Array() });
    } catch (error) {
      // Kernels are built without it too.
      expect(error).toMatchObject({ code: "ENOPROTOOPT", syscall: "setsockopt" });
    }
    expect(() => socket.setOption(TCP_MD5SIG, { peer, key: new Uint8Array(81) })).toThrow(
      expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }),
    );
    expect(() => socket.setOption(TCP_MD5SIG, { peer, key: "secret" as never })).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }),
    );
  });
});

describe("raw options", () => {
  const { SOL_SOCKET, SO_KEEPALIVE } = systemKernel.constants;

  test("ints and bytes go both ways", () => {
    const socket = track(Socket.tcp());
    socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1);
    expect(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE)).toBe(1);
    socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, new Uint8Array(4));
    expect(socket.getsockopt(SOL_SOCKET, SO_KEEPALIVE, 4)).toEqual(new Uint8Array(4));
  });

  test("what the kernel does not know is ENOPROTOOPT", () => {
    const socket = track(Socket.tcp());
    expect(() => socket.setsockopt(SOL_SOCKET, 9999, 1)).toThrow("setsockopt ENOPROTOOPT");
    expect(() => socket.getsockopt(SOL_SOCKET, 9999)).toThrow("getsockopt ENOPROTOOPT");
  });
});

test("options are set and read on a plain descriptor too", () => {
  const socket = track(Socket.tcp());
  setFdOption(socket.fileno(), tcpOptions.TCP_NODELAY, true);
  expect(getFdOption(socket.fileno(), tcpOptions.TCP_NODELAY)).toBe(true);
  expect(socket.getOption(tcpOptions.TCP_NODELAY)).toBe(true);
  expect(() => setFdOption(999_999, tcpOptions.TCP_NODELAY, true)).toThrow("EBADF");
});
