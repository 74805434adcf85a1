/** What a tracing kernel prints, call by call, and that it changes nothing. */
import { describe, expect, test } from "vitest";
import {
  EVENT_INTS,
  errnoOf,
  type Kernel,
  MOVE_INTS,
  MOVE_RESULT,
  systemKernel,
  tracingKernel,
} from "../../src/kernel/index.js";
import { quote } from "../../src/kernel/trace-format.js";
import { PollSelector } from "../../src/selectors/index.js";
import { Socket } from "../../src/sockets/index.js";
import { runChild } from "../support/child.js";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  closeNow,
  control,
  listener,
  loopback,
  nameOf,
  own,
  pair,
  parseControl,
  portOf,
  record,
  rights,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  text,
  UNUSED_FD,
  udp,
} from "./support.js";

const { constants } = systemKernel;

interface Traced {
  readonly kernel: Kernel;
  /** Takes the lines that were printed since. */
  readonly take: () => string[];
}

function traced(base: Kernel = systemKernel): Traced {
  const lines: string[] = [];
  return {
    kernel: tracingKernel(base, (line) => lines.push(line)),
    take: () => lines.splice(0),
  };
}

describe("a line", () => {
  const { kernel, take } = traced();

  test("of recv holds what was received, of send what was given", () => {
    const [left, right] = pair();
    const buffer = Buffer.alloc(65536);
    expect(kernel.send(left, text("hello\n"), 0, 6, 0)).toBe(6);
    expect(kernel.recv(right, buffer, 0, 65536, constants.MSG_PEEK)).toBe(6);
    expect(kernel.recv(right, buffer, 2, 3, 0)).toBe(3);
    expect(take()).toEqual([
      `send(${left}, "hello\\n", 6, 0) = 6`,
      `recv(${right}, "hello\\n", 65536, MSG_PEEK) = 6`,
      `recv(${right}, "hel", 3, 0) = 3`,
    ]);
  });

  test("names the errno, and shows no buffer that was not filled", () => {
    const [left] = pair();
    expect(kernel.recv(left, Buffer.from("old"), 0, 3, 0)).toBe(errnoOf("EAGAIN"));
    expect(kernel.getpeername(UNUSED_FD, loopback(1))).toBe(errnoOf("EBADF"));
    expect(take()).toEqual([
      `recv(${left}, ..., 3, 0) = -1 EAGAIN`,
      `getpeername(${UNUSED_FD}, ...) = -1 EBADF`,
    ]);
  });

  test("of 0 bytes and of the end of a stream is an empty string", () => {
    const [left, right] = pair();
    kernel.send(left, Buffer.alloc(0), 0, 0, 0);
    kernel.shutdown(left, constants.SHUT_WR);
    kernel.recv(right, Buffer.alloc(8), 0, 8, 0);
    expect(take()).toEqual([
      `send(${left}, "", 0, 0) = 0`,
      `shutdown(${left}, SHUT_WR) = 0`,
      `recv(${right}, "", 8, 0) = 0`,
    ]);
  });

  test("is printed for every call of a connection over TCP, addresses decoded", () => {
    const fd = own(kernel.socket(AF_INET, SOCK_STREAM, 0, false));
    expect(kernel.bind(fd, loopback())).toBe(0);
    expect(kernel.listen(fd, 16)).toBe(0);
    expect(kernel.accept4(fd, false, undefined)).toBe(errnoOf("EAGAIN"));
    const port = portOf(nameOf(fd));
    const client = own(kernel.socket(AF_INET, SOCK_STREAM, constants.IPPROTO_TCP, true));
    expect(kernel.connect(client, nameOf(fd))).toBe(0);
    const peer = loopback();
    const server = own(kernel.accept4(fd, true, peer));
    expect(take()).toEqual([
      `socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK, 0) = ${fd}`,
      `bind(${fd}, 127.0.0.1:0) = 0`,
      `listen(${fd}, 16) = 0`,
      `accept4(${fd}, SOCK_NONBLOCK) = -1 EAGAIN`,
      `socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = ${client}`,
      `connect(${client}, 127.0.0.1:${port}) = 0`,
      `accept4(${fd}, 127.0.0.1:${portOf(peer)}, 0) = ${server}`,
    ]);
  });

  test.each([
    ["IPv6", record(AF_INET6, 7000, [...Buffer.alloc(15), 1]), "[::1]:7000"],
    ["all zeros", record(AF_INET6, 1, Buffer.alloc(16)), "[::]:1"],
    ["a unix path", record(AF_UNIX, 0, text("/run/a b")), '"/run/a b"'],
    ["an abstract name", record(AF_UNIX, 0, text("\0name")), '@"name"'],
    ["no family", record(0, 0, []), "NULL"],
  ])("shows an address: %s", (_, address, shown) => {
    // Descriptor and address need not fit: what is printed is what was asked for.
    const { kernel: any, take: lines } = traced({ ...systemKernel, connect: () => 0 });
    any.connect(3, address);
    expect(lines()).toEqual([`connect(3, ${shown}) = 0`]);
  });

  test("shows the scope of an IPv6 address", () => {
    const address = record(AF_INET6, 9, [0xfe, 0x80, ...Buffer.alloc(13), 0x12]);
    address[4] = 2;
    const { kernel: any, take: lines } = traced({ ...systemKernel, bind: () => 0 });
    any.bind(3, address);
    expect(lines()).toEqual(["bind(3, [fe80::12%2]:9) = 0"]);
  });

  test("names options by their level", () => {
    const { fd } = listener();
    const { SO_REUSEADDR, SO_ERROR, TCP_NODELAY, IPPROTO_TCP } = constants;
    kernel.setsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    kernel.setsockopt_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    kernel.getsockopt_int(fd, SOL_SOCKET, SO_ERROR, new Int32Array(1));
    expect(take()).toEqual([
      `setsockopt(${fd}, SOL_SOCKET, SO_REUSEADDR, [1]) = 0`,
      `setsockopt(${fd}, IPPROTO_TCP, TCP_NODELAY, [1]) = 0`,
      `getsockopt(${fd}, SOL_SOCKET, SO_ERROR, [0]) = 0`,
    ]);
  });

  test("of sendmsg and recvmsg shows the descriptors that travel", () => {
    const [left, right] = pair();
    const out = new Int32Array(2);
    const records = Buffer.alloc(64);
    kernel.sendmsg(left, [text("a"), text("bc")], 0, undefined, rights(left, right));
    kernel.recvmsg(right, Buffer.alloc(8), 0, 8, 0, undefined, records, out);
    const [got] = parseControl(records.subarray(0, out[1]));
    const received = [...new Int32Array(Uint8Array.from(got?.bytes ?? []).buffer)];
    for (const fd of received) closeNow(own(fd));
    const shown = (fds: number[]) => `[{SOL_SOCKET, SCM_RIGHTS, [${fds.join(", ")}]}]`;
    // Linux also says that it was asked for close-on-exec.
    expect(take().map((line) => line.replace(", msg_flags=MSG_CMSG_CLOEXEC", ""))).toEqual([
      `sendmsg(${left}, NULL, ["a", "bc"], ${shown([left, right])}, 0) = 3`,
      `recvmsg(${right}, NULL, "abc", 8, ${shown(received)}, 0) = 3`,
    ]);
  });

  test("of a control message that is none of ours shows its bytes", () => {
    const { kernel: any, take: lines } = traced({ ...systemKernel, sendmsg: () => 0 });
    any.sendmsg(3, [], 0, undefined, control({ level: 77, type: 99, bytes: text("xyz") }));
    expect(lines()).toEqual(['sendmsg(3, NULL, [], [{77, 99, "xyz"}], 0) = 0']);
  });

  test("has its duration if one asks for it", () => {
    const lines: string[] = [];
    const times = [10, 12.5];
    const base: Kernel = { ...systemKernel, nowMs: () => times.shift() ?? 0, eventfd: () => 4 };
    tracingKernel(base, (line) => lines.push(line), { durations: true }).eventfd();
    expect(lines).toEqual(["eventfd(0, EFD_NONBLOCK) = 4 <0.002500>"]);
  });
});

test.each([
  ["hello\r\n\t", '"hello\\r\\n\\t"'],
  ['"\\', '"\\"\\\\"'],
  [Uint8Array.of(0, 1, 0x7f, 0xff), '"\\0\\x01\\x7f\\xff"'],
  ["x".repeat(32), `"${"x".repeat(32)}"`],
  ["x".repeat(33), `"${"x".repeat(32)}"...`],
  ["", '""'],
])("quote(%j) is %s", (bytes, expected) => {
  expect(quote(typeof bytes === "string" ? text(bytes) : bytes)).toBe(expected);
});

describe("calls for many", () => {
  const { kernel, take } = traced();

  test("recv_each and send_each print each call within them", () => {
    const [left, right] = pair();
    const [quiet] = pair();
    systemKernel.send(left, text("hi"), 0, 2, 0);
    const buffer = Buffer.alloc(128);
    const moves = Int32Array.of(right, 0, 10, 0, quiet, 0, 0, 0);
    expect(kernel.recv_each(moves, 2, buffer, 0, 128)).toBe(2);
    expect(take()).toEqual([
      "recv_each(2, room=128) = 2",
      `  recv(${right}, "hi", 10, MSG_DONTWAIT) = 2`,
      `  recv(${quiet}, ..., 64, MSG_DONTWAIT) = -1 EAGAIN`,
    ]);
    const replies = Int32Array.of(right, 0, 2, 0, quiet, 0, 0, 0);
    expect(kernel.send_each(replies, 2, buffer)).toBe(2);
    expect(replies[MOVE_RESULT]).toBe(2);
    expect(replies[MOVE_INTS + MOVE_RESULT]).toBe(0);
    // The second has nothing to send, so there is no call.
    expect(take()).toEqual(["send_each(2) = 2", `  send(${right}, "hi", 2, MSG_DONTWAIT) = 2`]);
  });

  test("sendmmsg and recvmmsg print their datagrams, with senders", () => {
    const [a, b] = [udp(), udp()];
    const to = Buffer.concat([b.address, b.address]);
    const lengths = Int32Array.of(3, 1);
    expect(kernel.sendmmsg(a.fd, text("one.2..."), 4, 2, 0, lengths, to)).toBe(2);
    const [into, got] = [Buffer.alloc(32), new Int32Array(8)];
    const senders = new Uint8Array(8 * 120);
    expect(kernel.recvmmsg(b.fd, into, 4, 8, 0, got, senders)).toBe(2);
    const [from, toward] = [a, b].map(({ address }) => `127.0.0.1:${portOf(address)}`);
    expect(take()).toEqual([
      `sendmmsg(${a.fd}, [{${toward}, "one"}, {${toward}, "2"}], 2, 0) = 2`,
      `recvmmsg(${b.fd}, [{${from}, "one"}, {${from}, "2"}], 8, 0) = 2`,
    ]);
  });

  test("long lists are cut", () => {
    const ints = new Int32Array(40 * 4);
    const { kernel: any, take: lines } = traced({ ...systemKernel, poll: () => 0 });
    any.poll(ints, 40, new Int32Array(120), 0);
    expect(lines()[0]?.match(/fd=0/g)).toHaveLength(32);
    any.poll(ints, 33, new Int32Array(120), 0);
    expect(lines()[0]).toMatch(/, \.\.\.\], \[\], 0\) = 0$/);
  });
});

describe("waits", () => {
  test("poll and select show what is asked and what is there", () => {
    const { kernel, take } = traced();
    const [left, right] = pair();
    systemKernel.send(left, text("x"), 0, 1, 0);
    const events = new Int32Array(2 * EVENT_INTS);
    kernel.poll(Int32Array.of(right, constants.POLLIN, 5, 1), 1, events, 250);
    kernel.select(Int32Array.of(right, 1, 5, 1, left, 3, 6, 1), 2, events, 0);
    expect(take()).toEqual([
      `poll([{fd=${right}, POLLIN}], [{fd=${right}, POLLIN}], 250) = 1`,
      `select([{fd=${right}, read}, {fd=${left}, read|write}], ` +
        `[{fd=${right}, read}, {fd=${left}, write}], 0) = 2`,
    ]);
  });

  const {
    EPOLL_CTL_ADD = 0,
    EPOLL_CTL_DEL = 0,
    EPOLLIN = 0,
    EPOLLRDHUP = 0,
    EPOLLET = 0,
  } = constants;

  test.runIf(constants.EPOLLIN)("epoll names bits and descriptors, and what is stale", () => {
    const { kernel, take } = traced();
    const epfd = own(kernel.epoll_create1());
    const [left, right] = pair();
    systemKernel.send(left, text("x"), 0, 1, 0);
    kernel.epoll_ctl(epfd, EPOLL_CTL_ADD, right, EPOLLIN | EPOLLRDHUP, 3, 1);
    systemKernel.epoll_ctl(epfd, EPOLL_CTL_ADD, left, (EPOLLET | constants.EPOLLOUT!) >>> 0, 4, 1);
    const events = new Int32Array(8 * constants.EPOLL_INTS);
    kernel.epoll_wait(epfd, events, 0);
    kernel.epoll_ctl(epfd, EPOLL_CTL_DEL, right, 0, 3, 1);
    kernel.epoll_ctl(epfd, EPOLL_CTL_ADD, right, (EPOLLET | EPOLLIN) >>> 0, 3, 2);
    expect(take()).toEqual([
      `epoll_create1(EPOLL_CLOEXEC) = ${epfd}`,
      `epoll_ctl(${epfd}, EPOLL_CTL_ADD, ${right}, EPOLLIN|EPOLLRDHUP) = 0`,
      `epoll_wait(${epfd}, [{fd=${right}, EPOLLIN}, {stale slot=4, EPOLLOUT}], 8, 0) = 2`,
      `epoll_ctl(${epfd}, EPOLL_CTL_DEL, ${right}) = 0`,
      `epoll_ctl(${epfd}, EPOLL_CTL_ADD, ${right}, EPOLLIN|EPOLLET) = 0`,
    ]);
  });

  test("kevent shows changes and events", () => {
    const base: Kernel = {
      ...systemKernel,
      constants: { ...constants, EVFILT_READ: -1, EV_ADD: 1, EV_CLEAR: 32 },
      kevent: (_kq, _changes, _count, events) => {
        events.set([2, 9, constants.KEVENT_READ | constants.KEVENT_EOF]);
        return 1;
      },
    };
    const { kernel, take } = traced(base);
    kernel.kevent(4, Int32Array.of(7, -1, 33, 2, 9), 1, new Int32Array(64), 10);
    expect(take()).toEqual([
      "kevent(4, [{fd=7, EVFILT_READ, EV_ADD|EV_CLEAR}], [{fd=7, KEVENT_READ|KEVENT_EOF}], 10) = 1",
    ]);
  });
});

describe("the wrapped kernel", () => {
  test("answers every call of the interface through it", () => {
    const { kernel, take } = traced();
    expect(Object.keys(kernel).sort()).toEqual(Object.keys(systemKernel).sort());
    const fd = kernel.dup(own(systemKernel.socket(AF_UNIX, SOCK_DGRAM, 0, false)));
    expect(kernel.disown(fd)).toBe(0);
    expect(kernel.adopt(fd)).toBe(0);
    expect(kernel.close(fd)).toBe(0);
    expect(kernel.nowMs()).toBeGreaterThan(0);
    // Who owns a number, and the time, are no system calls.
    expect(take()).toEqual([
      expect.stringMatching(/^fcntl\(\d+, F_DUPFD_CLOEXEC\) = /),
      `close(${fd}) = 0`,
    ]);
  });

  test("may be an object of a class", () => {
    class Simulated {
      readonly constants = constants;
      readonly answer = 42;
      listen(): number {
        return this.answer;
      }
    }
    const lines: string[] = [];
    const base = new Simulated() as unknown as Kernel;
    expect(tracingKernel(base, (line) => lines.push(line)).listen(3, 4)).toBe(42);
    expect(lines).toEqual(["listen(3, 4) = 42"]);
  });

  test("throws misuse through it, which is printed as such", () => {
    const { kernel, take } = traced();
    const buffer = Buffer.alloc(4);
    const isRange = expect.objectContaining({ code: "ERR_OUT_OF_RANGE" });
    expect(() => kernel.recv(0, buffer, 0, 5, 0)).toThrow(isRange);
    expect(take()).toEqual(["recv(?) = ? ERR_OUT_OF_RANGE"]);
  });

  test("serves sockets and selectors", () => {
    const { kernel, take } = traced();
    using selector = new PollSelector({ kernel });
    const [left, right] = Socket.pair({ kernel });
    selector.register(left, 1);
    right.send(text("ping"));
    expect(selector.select(1000)).toHaveLength(1);
    expect(left.recv(Buffer.alloc(16))).toBe(4);
    const fd = left.fileno();
    left.close();
    right.close();
    const lines = take();
    expect(lines[0]).toMatch(
      /^socketpair\(AF_UNIX, SOCK_STREAM\|SOCK_NONBLOCK, 0, \[\d+, \d+\]\) = 0$/,
    );
    expect(lines).toContain(`recv(${fd}, "ping", 16, 0) = 4`);
  });
});

describe("NODE_DEBUG=socket-reactor:sys", () => {
  const source = `
    import { Socket, systemKernel } from "socket-reactor";
    const [left, right] = Socket.pair();
    left.send(Buffer.from("100 %s"));
    right.close();
    left.close();
    process.stdout.write(systemKernel.recv.name || "anonymous");
  `;

  test("prints the system's calls to stderr", async () => {
    const { code, stderr } = await runChild(source, undefined, {
      NODE_DEBUG: "socket-reactor:sys",
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^SOCKET-REACTOR:SYS \d+: send\(\d+, "100 %s", 6, 0\) = 6$/m);
  });

  test("prints those of a worker at once, though it blocks", async () => {
    const blocking = `
      import { Worker } from "node:worker_threads";
      const code = \`
        import("socket-reactor").then(({ Socket }) => {
          const [left] = Socket.pair({ blocking: true });
          left.recv(Buffer.alloc(1)); // for ever
        });
      \`;
      new Worker(code, { eval: true });
    `;
    // That it waits is seen while it waits: only then is it ended.
    const onError = await runChild(
      `import { spawn } from "node:child_process";
      const env = { ...process.env, NODE_DEBUG: "socket-reactor:sys" };
      const args = ["--input-type=module", "--eval", ${JSON.stringify(blocking)}];
      const child = spawn(process.execPath, args, { env });
      let text = "";
      child.stderr.setEncoding("utf8").on("data", (piece) => {
        text += piece;
        const line = /^SOCKET-REACTOR:SYS \\d+\\.1: poll\\(.*$/m.exec(text);
        if (line !== null && child.kill("SIGKILL")) console.log(line[0]);
      });`,
    );
    expect(onError.stdout).toMatch(
      /^SOCKET-REACTOR:SYS \d+\.1: poll\(\[\{fd=\d+, POLLIN\}\], \[\], /,
    );
  });

  test("is not there: the kernel's calls are the addon's own", async () => {
    const asked = await runChild(source, undefined, { NODE_DEBUG: "socket-reactor" });
    expect(asked.stderr).not.toContain("SYS");
    expect(asked.stdout).toBe("recv");
  });
});
