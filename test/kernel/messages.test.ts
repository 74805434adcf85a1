/** recvmsg and sendmsg: several buffers, addresses and ancillary data. */
import { fstatSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openDescriptors } from "../support/descriptors.js";
import {
  AF_INET6,
  closeNow,
  control,
  expectErrno,
  expectMisuse,
  int32s,
  kernel,
  nameOf,
  ok,
  own,
  pair,
  parseControl,
  pipe,
  record,
  rights,
  SOCK_DGRAM,
  SOL_SOCKET,
  socket,
  text,
  UNUSED_FD,
  udp,
} from "./support.js";

const { SCM_RIGHTS, SCM_CREDENTIALS, MSG_CTRUNC, MSG_TRUNC, SO_PASSCRED } = kernel.constants;
const { IPPROTO_IP, IP_PKTINFO, IPPROTO_IPV6, IPV6_PKTINFO, IPV6_RECVPKTINFO } = kernel.constants;
const isLinux = process.platform === "linux";

interface Received {
  readonly bytes: string;
  readonly flags: number;
  readonly used: number;
  readonly records: ReturnType<typeof parseControl>;
}

/** Receives into `room` bytes, with `controlRoom` bytes for records. */
function receive(fd: number, room: number, controlRoom: number | undefined): Received {
  const bytes = new Uint8Array(room);
  const records = controlRoom === undefined ? undefined : new Uint8Array(controlRoom);
  const out = new Int32Array([-1, -1]);
  const count = ok(kernel.recvmsg(fd, bytes, 0, room, 0, undefined, records, out));
  const [flags, used] = out as unknown as [number, number];
  return {
    bytes: Buffer.from(bytes.subarray(0, count)).toString(),
    flags,
    used,
    records: records === undefined ? [] : parseControl(records.subarray(0, used)),
  };
}

function descriptorsOf({ records }: Received): number[] {
  return records.flatMap(({ bytes }) => {
    const view = new DataView(bytes.buffer);
    return Array.from({ length: bytes.length / 4 }, (_, i) => own(view.getInt32(4 * i, true)));
  });
}

describe("sendmsg()", () => {
  test("joins its buffers, empty ones too, and the parts of larger buffers", () => {
    const [left, right] = pair(SOCK_DGRAM);
    const parts = [text("__ab__").subarray(2, 4), new Uint8Array(0), text("cd")];
    expect(kernel.sendmsg(left, parts, 0, undefined, undefined)).toBe(4);
    expect(receive(right, 16, undefined).bytes).toBe("abcd");
    expect(kernel.sendmsg(left, [], 0, undefined, undefined)).toBe(0);
    expect(receive(right, 16, undefined).bytes).toBe("");
  });

  test("takes 64 buffers and not 65", () => {
    const [left, right] = pair(SOCK_DGRAM);
    const many = new Array<Uint8Array>(64).fill(text("x"));
    expect(kernel.sendmsg(left, many, 0, undefined, undefined)).toBe(64);
    expect(receive(right, 100, undefined).bytes).toHaveLength(64);
    const call = () => kernel.sendmsg(left, [...many, text("x")], 0, undefined, undefined);
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
  });

  test.each([
    ["no array", {}],
    ["a Proxy of an array", new Proxy([], {})],
    ["a string in it", ["text"]],
    ["a hole in it", new Array<Uint8Array>(2)],
    ["a DataView in it", [new DataView(new ArrayBuffer(4))]],
    ["an Int32Array in it", [new Int32Array(1)]],
  ])("refuses %s", (_what, buffers) => {
    const [left] = pair(SOCK_DGRAM);
    const call = () => kernel.sendmsg(left, buffers as never, 0, undefined, undefined);
    expectMisuse(call, TypeError, "ERR_INVALID_ARG_TYPE");
  });

  test("a getter that throws is what sendmsg throws", () => {
    const [left] = pair(SOCK_DGRAM);
    const array: Uint8Array[] = [];
    Object.defineProperty(array, 0, {
      get() {
        throw new SyntaxError("from a getter");
      },
    });
    expect(() => kernel.sendmsg(left, array, 0, undefined, undefined)).toThrow("from a getter");
  });

  test("a buffer that another element's getter detaches is sent as nothing", () => {
    const [left, right] = pair(SOCK_DGRAM);
    const first = new Uint8Array(64);
    const array = [first, text("x")];
    Object.defineProperty(array, 1, {
      get() {
        structuredClone(first.buffer, { transfer: [first.buffer] });
        return text("rest");
      },
    });
    expect(kernel.sendmsg(left, array, 0, undefined, undefined)).toBe(4);
    expect(receive(right, 16, undefined).bytes).toBe("rest");
  });

  test("sends to an address", () => {
    const [a, b] = [udp(), udp()];
    expect(kernel.sendmsg(a.fd, [text("to"), text(" b")], 0, b.address, undefined)).toBe(4);
    const sender = new Uint8Array(120);
    const out = new Int32Array(2);
    const bytes = new Uint8Array(8);
    expect(kernel.recvmsg(b.fd, bytes, 0, 8, 0, sender, undefined, out)).toBe(4);
    expect(sender).toEqual(a.address);
    expect(out[1]).toBe(0);
  });
});

describe("recvmsg()", () => {
  test("says when a datagram was cut", () => {
    const [left, right] = pair(SOCK_DGRAM);
    kernel.sendmsg(left, [text("0123456789")], 0, undefined, undefined);
    const { bytes, flags } = receive(right, 4, undefined);
    expect(bytes).toBe("0123");
    expect(flags & MSG_TRUNC).not.toBe(0);
    expectErrno(
      kernel.recvmsg(right, new Uint8Array(4), 0, 4, 0, undefined, undefined, new Int32Array(2)),
      "EAGAIN",
    );
  });

  test("needs an out array of two", () => {
    const [left] = pair();
    const out = new Int32Array(1);
    const call = () => kernel.recvmsg(left, new Uint8Array(4), 0, 4, 0, undefined, undefined, out);
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
  });
});

describe("SCM_RIGHTS", () => {
  test("received descriptors are the same open files, owned and close-on-exec", () => {
    const [left, right] = pair();
    const [reader, writer] = pipe();
    expect(kernel.sendmsg(left, [text("x")], 0, undefined, rights(reader, writer))).toBe(1);
    const received = receive(right, 4, 64);
    expect(received.used).toBe(20);
    expect(received.records).toMatchObject([{ level: SOL_SOCKET, type: SCM_RIGHTS }]);
    const [r, w] = descriptorsOf(received) as [number, number];
    ok(kernel.write(writer, text("through"), 0, 7));
    expect(kernel.read(r, new Uint8Array(16), 0, 16)).toBe(7);
    if (isLinux) expect(readFileSync(`/proc/self/fdinfo/${w}`, "utf8")).toMatch(/flags:\s*02\d{6}/);
    closeNow(r);
    closeNow(w);
  });

  test.each([
    ["no control buffer", undefined],
    ["an empty one", 0],
    ["no room for a header", 11],
    ["room for one of two", 16],
    ["one byte too few", 19],
  ])("with %s they are closed, and MSG_CTRUNC says so", (_what, room) => {
    const [left, right] = pair();
    const [reader] = pipe();
    const before = openDescriptors();
    ok(kernel.sendmsg(left, [text("x")], 0, undefined, rights(reader, reader)));
    const { flags, used } = receive(right, 4, room);
    expect(flags & MSG_CTRUNC).not.toBe(0);
    expect(used).toBe(0);
    expect(openDescriptors()).toEqual(before);
  });

  test("exactly enough room is enough, for 253 too", () => {
    const [left, right] = pair();
    const [reader] = pipe();
    const all = new Array<number>(253).fill(reader);
    ok(kernel.sendmsg(left, [text("x")], 0, undefined, rights(...all)));
    const received = receive(right, 4, 12 + 4 * 253);
    expect(received.flags & MSG_CTRUNC).toBe(0);
    const made = descriptorsOf(received);
    expect(new Set(made).size).toBe(253);
    for (const fd of made) expect(fstatSync(fd).isFIFO()).toBe(true);
  });

  test("what is no open descriptor is EBADF, too many EINVAL (Linux)", ({ skip }) => {
    if (!isLinux) skip();
    const [left] = pair();
    const send = (...fds: number[]) =>
      kernel.sendmsg(left, [text("x")], 0, undefined, rights(...fds));
    expectErrno(send(UNUSED_FD), "EBADF");
    expectErrno(send(-1), "EBADF");
    expectErrno(send(...new Array<number>(254).fill(left)), "EINVAL");
  });

  test("descriptors that recv() and recvmmsg() cannot take are closed", () => {
    const [left, right] = pair();
    const [reader] = pipe();
    const before = openDescriptors();
    const bytes = new Uint8Array(8);
    for (let i = 0; i < 2; i++) kernel.sendmsg(left, [text("x")], 0, undefined, rights(reader));
    expect(kernel.recv(right, bytes, 0, 1, 0)).toBe(1);
    expect(kernel.recvmmsg(right, bytes, 8, 1, 0, new Int32Array(1), undefined)).toBe(1);
    expect(openDescriptors()).toEqual(before);
  });
});

describe("malformed control records", () => {
  const withLength = (length: number) => int32s(SOL_SOCKET, SCM_RIGHTS, length);
  test.each<[string, Uint8Array]>([
    ["a header cut short", new Uint8Array(11)],
    ["a length of -1", withLength(-1)],
    ["a length beyond the end", withLength(4)],
    ["a length of 2^31 - 1", withLength(2 ** 31 - 1)],
    [
      "rights of 3 bytes",
      control({ level: SOL_SOCKET, type: SCM_RIGHTS, bytes: new Uint8Array(3) }),
    ],
    ["more than there is room for", control({ level: 0, type: 0, bytes: new Uint8Array(4096) })],
    ["more records than there is room for", Buffer.concat(new Array(400).fill(withLength(0)))],
  ])("%s is a RangeError, and nothing is sent", (_what, records) => {
    const [left, right] = pair(SOCK_DGRAM);
    const call = () => kernel.sendmsg(left, [text("x")], 0, undefined, records);
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
    expectErrno(kernel.recv(right, new Uint8Array(1), 0, 1, 0), "EAGAIN");
  });

  test("the padding of the last record may be left out", () => {
    const { fd, address } = udp();
    const records = control({ level: 9999, type: 1, bytes: new Uint8Array(5) }).subarray(0, 17);
    // Unknown to the kernel, which ignores it or refuses it; either way it was well-formed.
    expect(typeof kernel.sendmsg(fd, [text("x")], 0, address, records)).toBe("number");
  });
});

describe.skipIf(!isLinux)("records with a form of their own (Linux)", () => {
  test("SCM_CREDENTIALS comes as pid, uid and gid, and may be sent so", () => {
    const [left, right] = pair(SOCK_DGRAM);
    ok(kernel.setsockopt_int(right, SOL_SOCKET, SO_PASSCRED as number, 1));
    const own = int32s(process.pid, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    const type = SCM_CREDENTIALS as number;
    const explicit = control({ level: SOL_SOCKET, type, bytes: own });
    for (const records of [undefined, explicit]) {
      ok(kernel.sendmsg(left, [text("x")], 0, undefined, records));
      expect(receive(right, 4, 64).records).toEqual([{ level: SOL_SOCKET, type, bytes: own }]);
    }
    const short = control({ level: SOL_SOCKET, type, bytes: new Uint8Array(8) });
    const call = () => kernel.sendmsg(left, [text("x")], 0, undefined, short);
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
  });

  test("IP_PKTINFO comes as interface, local and destination address", () => {
    const [a, b] = [udp(), udp()];
    const type = IP_PKTINFO as number;
    ok(kernel.setsockopt_int(b.fd, IPPROTO_IP, type, 1));
    const from = control({ level: IPPROTO_IP, type, bytes: new Uint8Array(12) });
    ok(kernel.sendmsg(a.fd, [text("x")], 0, b.address, from));
    const bytes = Buffer.concat([
      int32s(kernel.if_nametoindex("lo")),
      Buffer.from([127, 0, 0, 1, 127, 0, 0, 1]),
    ]);
    expect(receive(b.fd, 4, 64).records).toEqual([
      { level: IPPROTO_IP, type, bytes: Uint8Array.from(bytes) },
    ]);
  });

  test("IPV6_PKTINFO comes as interface and destination address", () => {
    const localhost = [...new Uint8Array(15), 1];
    const fd = socket(AF_INET6, SOCK_DGRAM);
    if (kernel.bind(fd, record(AF_INET6, 0, localhost)) < 0) return; // No IPv6 here.
    const type = IPV6_PKTINFO as number;
    ok(kernel.setsockopt_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO as number, 1));
    ok(kernel.sendto(fd, text("x"), 0, 1, 0, nameOf(fd)));
    const bytes = Uint8Array.from([...int32s(kernel.if_nametoindex("lo")), ...localhost]);
    expect(receive(fd, 4, 64).records).toEqual([{ level: IPPROTO_IPV6, type, bytes }]);
  });

  test("several records come in order; those without room are left out", () => {
    const [left, right] = pair(SOCK_DGRAM);
    const [reader] = pipe();
    ok(kernel.setsockopt_int(right, SOL_SOCKET, SO_PASSCRED as number, 1));
    const send = () => ok(kernel.sendmsg(left, [text("x")], 0, undefined, rights(reader)));
    send();
    const both = receive(right, 4, 64);
    const rightsOnly = both.records.filter(({ type }) => type === SCM_RIGHTS);
    descriptorsOf({ ...both, records: rightsOnly });
    expect(both.records.map(({ type }) => type).sort()).toEqual([SCM_RIGHTS, SCM_CREDENTIALS]);
    const before = openDescriptors();
    send();
    const one = receive(right, 4, 24);
    expect(one.flags & MSG_CTRUNC).not.toBe(0);
    expect(one.records).toHaveLength(1);
    descriptorsOf({ ...one, records: one.records.filter(({ type }) => type === SCM_RIGHTS) });
    if (one.records[0]?.type !== SCM_RIGHTS) expect(openDescriptors()).toEqual(before);
  });
});
