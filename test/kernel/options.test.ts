/** Socket options, the queues, and TCP_INFO. */
import { describe, expect, test } from "vitest";
import { errnoName } from "../../src/kernel/index.js";
import {
  AF_INET,
  closeNow,
  expectErrno,
  expectMisuse,
  kernel,
  listener,
  loopback,
  ok,
  pair,
  pipe,
  SOCK_STREAM,
  SOL_SOCKET,
  socket,
  tcpPair,
  text,
  UNUSED_FD,
  udp,
} from "./support.js";

const { constants } = kernel;
const { SO_REUSEADDR, SO_TYPE, SO_LINGER, SO_RCVTIMEO, SO_SNDTIMEO } = constants;
const isLinux = process.platform === "linux";
const int = new Int32Array(1);

describe("getsockopt_int() and setsockopt_int()", () => {
  test("read what was set", () => {
    const fd = socket(AF_INET, SOCK_STREAM);
    ok(kernel.getsockopt_int(fd, SOL_SOCKET, SO_TYPE, int));
    expect(int[0]).toBe(SOCK_STREAM);
    for (const value of [1, 0]) {
      ok(kernel.setsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, value));
      ok(kernel.getsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, int));
      expect(int[0] !== 0).toBe(value === 1);
    }
  });

  test("refuse unknown options, other descriptors and numbers beyond an int", () => {
    const fd = socket(AF_INET, SOCK_STREAM);
    int[0] = 77;
    expectErrno(kernel.getsockopt_int(fd, SOL_SOCKET, 99999, int), "ENOPROTOOPT");
    expectErrno(kernel.getsockopt_int(pipe()[0], SOL_SOCKET, SO_TYPE, int), "ENOTSOCK");
    expectErrno(kernel.setsockopt_int(UNUSED_FD, SOL_SOCKET, SO_TYPE, 1), "EBADF");
    expect(int[0]).toBe(77);
    const set = (value: number) => () => kernel.setsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, value);
    for (const value of [2 ** 31, -(2 ** 31) - 1, 0.5, Number.NaN]) {
      expectMisuse(set(value), RangeError, "ERR_OUT_OF_RANGE");
    }
    const none = () => kernel.getsockopt_int(fd, SOL_SOCKET, SO_TYPE, new Int32Array(0));
    expectMisuse(none, RangeError, "ERR_OUT_OF_RANGE");
  });
});

describe("getsockopt() and setsockopt()", () => {
  test("carry the kernel's own bytes and answer how many", () => {
    const fd = socket(AF_INET, SOCK_STREAM);
    const linger = new Uint8Array(new Int32Array([1, 5]).buffer);
    ok(kernel.setsockopt(fd, SOL_SOCKET, SO_LINGER, linger));
    const out = new Uint8Array(32).fill(0xee);
    expect(kernel.getsockopt(fd, SOL_SOCKET, SO_LINGER, out)).toBe(8);
    expect(out.subarray(0, 8)).toEqual(linger);
    expect(out.subarray(8).every((byte) => byte === 0xee)).toBe(true);
    ok(kernel.setsockopt(fd, SOL_SOCKET, SO_LINGER, new Uint8Array(8)));
  });

  test("write no more than the view holds", () => {
    const fd = socket(AF_INET, SOCK_STREAM);
    const backing = new Uint8Array(16).fill(0xee);
    const result = kernel.getsockopt(fd, SOL_SOCKET, SO_TYPE, backing.subarray(4, 6));
    expect(result).toBeLessThanOrEqual(2);
    expect(backing.filter((byte, at) => (at < 4 || at >= 6) && byte !== 0xee)).toHaveLength(0);
    expectErrno(kernel.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, new Uint8Array(1)), "EINVAL");
  });
});

describe("getsockopt_time() and setsockopt_time()", () => {
  test.each([0, 250, 1000, 61_500])("keep %d ms", (ms) => {
    const fd = socket(AF_INET, SOCK_STREAM);
    for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) {
      ok(kernel.setsockopt_time(fd, SOL_SOCKET, option, ms));
      const found = kernel.getsockopt_time(fd, SOL_SOCKET, option);
      // The kernel counts in ticks of its clock, up to 10 ms each.
      expect(found).toBeGreaterThanOrEqual(ms);
      expect(found).toBeLessThan(ms + 11);
    }
  });

  test("refuse a negative time and a descriptor that is none", () => {
    const call = () => kernel.setsockopt_time(UNUSED_FD, SOL_SOCKET, SO_RCVTIMEO, -1);
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
    expectErrno(kernel.setsockopt_time(UNUSED_FD, SOL_SOCKET, SO_RCVTIMEO, 1), "EBADF");
    expectErrno(kernel.getsockopt_time(UNUSED_FD, SOL_SOCKET, SO_RCVTIMEO), "EBADF");
  });
});

test("getsockopt_peercred() names this process at both ends of a pair", () => {
  const out = new Int32Array(3);
  for (const fd of pair()) {
    ok(kernel.getsockopt_peercred(fd, out));
    expect([...out.subarray(1)]).toEqual([process.getuid?.(), process.getgid?.()]);
    expect([0, process.pid]).toContain(out[0]);
  }
  expectErrno(kernel.getsockopt_peercred(pipe()[0], out), "ENOTSOCK");
  const short = () => kernel.getsockopt_peercred(pair()[0], new Int32Array(2));
  expectMisuse(short, RangeError, "ERR_OUT_OF_RANGE");
});

describe("setsockopt_md5sig()", () => {
  test("sets and removes a key, where the kernel has it", () => {
    const { fd } = listener();
    const result = kernel.setsockopt_md5sig(fd, loopback(), text("secret"));
    if (result < 0) {
      expect(["ENOPROTOOPT", "EPERM", "ENOSYS"]).toContain(errnoName(result));
      return;
    }
    expect(kernel.setsockopt_md5sig(fd, loopback(), new Uint8Array(0))).toBe(0);
    expectErrno(kernel.setsockopt_md5sig(fd, loopback(), new Uint8Array(0)), "ENOENT");
  });

  test.skipIf(constants.TCP_MD5SIG === undefined)("refuses a key of 81 bytes", () => {
    const call = () => kernel.setsockopt_md5sig(UNUSED_FD, loopback(), new Uint8Array(81));
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
    expectErrno(kernel.setsockopt_md5sig(UNUSED_FD, loopback(), new Uint8Array(80)), "EBADF");
  });
});

describe("ioctl_inq() and ioctl_outq()", () => {
  test("count what waits to be received and to be taken", () => {
    const [left, right] = pair();
    expect(kernel.ioctl_inq(right)).toBe(0);
    kernel.send(left, text("12345"), 0, 5, 0);
    expect(kernel.ioctl_inq(right)).toBe(5);
    expect(kernel.ioctl_outq(left)).toBeGreaterThanOrEqual(5);
    kernel.recv(right, new Uint8Array(8), 0, 8, 0);
    expect(kernel.ioctl_inq(right)).toBe(0);
    expect(kernel.ioctl_outq(left)).toBe(0);
  });

  test("are refused for what is no socket, and for a listener (Linux)", ({ skip }) => {
    if (!isLinux) skip();
    expectErrno(kernel.ioctl_outq(pipe()[0]), "ENOTTY");
    expectErrno(kernel.ioctl_inq(listener().fd), "EINVAL");
    expectErrno(kernel.ioctl_inq(UNUSED_FD), "EBADF");
  });
});

describe("tcp_info()", () => {
  const { tcpInfoFields, tcpStates } = kernel;

  function infoOf(fd: number): Map<string, number> {
    const out = new Float64Array(tcpInfoFields.length);
    const count = ok(kernel.tcp_info(fd, out));
    return new Map(tcpInfoFields.slice(0, count).map((name, i) => [name, out[i] as number]));
  }

  const stateOf = (fd: number) => tcpStates[infoOf(fd).get("tcpi_state") as number];

  test("tells the states of a connection's life", () => {
    const { fd } = listener();
    expect(stateOf(fd)).toBe("LISTEN");
    expect(stateOf(socket(AF_INET, SOCK_STREAM))).toBe("CLOSED");
    const [client, server] = tcpPair();
    expect([stateOf(client), stateOf(server)]).toEqual(["ESTABLISHED", "ESTABLISHED"]);
    kernel.shutdown(client, constants.SHUT_WR);
    // FIN_WAIT1 until the acknowledgement, which may be delayed.
    expect(stateOf(client)).toMatch(/^FIN_WAIT[12]$/);
    expect(stateOf(server)).toBe("CLOSE_WAIT");
  });

  test.skipIf(!isLinux)("counts the bytes of both ends (Linux)", () => {
    const [client, server] = tcpPair();
    kernel.send(client, new Uint8Array(1000), 0, 1000, 0);
    expect(infoOf(client).get("tcpi_bytes_sent")).toBe(1000);
    expect(infoOf(server).get("tcpi_bytes_received")).toBe(1000);
    expect(infoOf(client).get("tcpi_snd_mss")).toBeGreaterThan(0);
    expect(infoOf(client).size).toBeGreaterThan(40);
  });

  test("fills no more than there is room for", () => {
    const [client] = tcpPair();
    const backing = new Float64Array(4).fill(-1);
    expect(kernel.tcp_info(client, backing.subarray(1, 3))).toBe(2);
    expect([backing[0], backing[3]]).toEqual([-1, -1]);
    expect(kernel.tcp_info(client, new Float64Array(0))).toBe(0);
    expectMisuse(
      () => kernel.tcp_info(client, new Int32Array(4) as never),
      TypeError,
      "ERR_INVALID_ARG_TYPE",
    );
  });

  test("is refused for other sockets and closed numbers", () => {
    expect(kernel.tcp_info(udp().fd, new Float64Array(1))).toBeLessThan(0);
    expect(kernel.tcp_info(pair()[0], new Float64Array(1))).toBeLessThan(0);
    const [client] = tcpPair();
    closeNow(client);
    expectErrno(kernel.tcp_info(client, new Float64Array(1)), "EBADF");
  });

  test("has a name for each field, each once, and a state for each number", () => {
    expect(new Set(tcpInfoFields).size).toBe(tcpInfoFields.length);
    expect(tcpInfoFields[0]).toBe("tcpi_state");
    for (const state of ["LISTEN", "SYN_SENT", "TIME_WAIT", "CLOSING", "LAST_ACK"]) {
      expect(tcpStates).toContain(state);
    }
  });
});
