import { closeSync, openSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { errnoOf, systemKernel, toFd } from "../../src/kernel/index.js";
import { DatagramBatch } from "../../src/sockets/datagram-batch.js";
import { Socket } from "../../src/sockets/socket.js";
import { TCP_NODELAY } from "../../src/sockets/tcp-options.js";
import { runChild } from "../support/child.js";
import { errorOf, pair, receive, send, track } from "./support.js";

const buffer = Buffer.alloc(16);
const anywhere = { address: "127.0.0.1", port: 0 };

describe("close()", () => {
  test("closes the descriptor once; a second time does nothing", () => {
    const [a] = pair();
    const fd = a.fileno();
    a.close();
    expect(a.fileno()).toBe(-1);
    expect(a.isClosed).toBe(true);
    expect(systemKernel.fcntl_nonblock(fd, true)).toBe(errnoOf("EBADF"));
    a.close();
    a[Symbol.dispose]();
  });

  test("runs the hooks first, in order, while the descriptor is still open", () => {
    const [a] = pair();
    const fd = a.fileno();
    const seen: unknown[] = [];
    a.onClose(() => seen.push("first", a.fileno(), a.isClosed));
    a.onClose(() => seen.push("second", systemKernel.fcntl_nonblock(fd, true)));
    a.close();
    expect(seen).toEqual(["first", fd, false, "second", 0]);
  });

  test("a hook that was removed is not called, one removed by another hook neither", () => {
    const [a] = pair();
    const seen: string[] = [];
    const removeFirst = a.onClose(() => seen.push("first"));
    removeFirst();
    removeFirst();
    a.onClose(() => removeLast());
    const removeLast = a.onClose(() => seen.push("last"));
    a.close();
    expect(seen).toEqual([]);
    removeLast();
  });

  test("the same hook added twice is called twice, removed once it is called once", () => {
    const [a] = pair();
    let calls = 0;
    const hook = (): void => {
      calls++;
    };
    a.onClose(hook);
    const remove = a.onClose(hook);
    remove();
    remove();
    a.close();
    expect(calls).toBe(1);
  });

  test("inside a hook close() does nothing, and the other hooks still run before close(2)", () => {
    const [a] = pair();
    const seen: number[] = [];
    a.onClose(() => a.close());
    a.onClose(() => seen.push(a.fileno()));
    const fd = a.fileno();
    a.close();
    expect(seen).toEqual([fd]);
  });

  test("a hook added inside a hook is called too", () => {
    const [a] = pair();
    const seen: string[] = [];
    a.onClose(() => a.onClose(() => seen.push("late")));
    a.close();
    expect(seen).toEqual(["late"]);
  });

  test("a hook that throws stops neither the others nor the closing; its error leaves", () => {
    const [a] = pair();
    const seen: string[] = [];
    a.onClose(() => {
      throw new Error("from a hook");
    });
    a.onClose(() => seen.push("second"));
    expect(() => a.close()).toThrow("from a hook");
    expect(seen).toEqual(["second"]);
    expect(a.isClosed).toBe(true);
  });

  test("on a closed socket a hook is never called", () => {
    const [a] = pair();
    a.close();
    const remove = a.onClose(() => expect.unreachable());
    a.close();
    remove();
  });

  test("of a descriptor that somebody else closed throws EBADF", () => {
    const [a] = pair();
    expect(systemKernel.close(a.fileno())).toBe(0);
    expect(() => a.close()).toThrow(expect.objectContaining({ code: "EBADF", syscall: "close" }));
    expect(a.isClosed).toBe(true);
  });
});

describe("after close()", () => {
  const batch = new DatagramBatch({ slots: 1 });
  const calls: [string, (socket: Socket) => unknown][] = [
    ["accept", (s) => s.accept()],
    ["acceptQueue", (s) => s.acceptQueue],
    ["bind", (s) => s.bind(anywhere)],
    ["connect", (s) => s.connect(anywhere)],
    ["detach", (s) => s.detach()],
    ["disconnect", (s) => s.disconnect()],
    ["finishConnect", (s) => s.finishConnect()],
    ["getError", (s) => s.getError()],
    ["getOption", (s) => s.getOption(TCP_NODELAY)],
    ["getsockopt", (s) => s.getsockopt(1, 1)],
    ["info", (s) => s.info()],
    ["listen", (s) => s.listen()],
    ["localAddress", (s) => s.localAddress],
    ["peerCredentials", (s) => s.peerCredentials()],
    ["receiveQueueBytes", (s) => s.receiveQueueBytes],
    ["recv", (s) => s.recv(buffer)],
    ["recvfrom", (s) => s.recvfrom(buffer)],
    ["recvmmsg", (s) => s.recvmmsg(batch)],
    ["recvmsg", (s) => s.recvmsg(buffer)],
    ["remoteAddress", (s) => s.remoteAddress],
    ["send", (s) => s.send(buffer)],
    ["sendFile", (s) => s.sendFile(0, 0, 1)],
    ["sendmmsg", (s) => s.sendmmsg(batch)],
    ["sendmsg", (s) => s.sendmsg(buffer)],
    ["sendQueueBytes", (s) => s.sendQueueBytes],
    ["sendto", (s) => s.sendto(buffer, anywhere)],
    ["setBlocking", (s) => s.setBlocking(true)],
    ["setOption", (s) => s.setOption(TCP_NODELAY, true)],
    ["setsockopt", (s) => s.setsockopt(1, 1, 1)],
    ["shutdown", (s) => s.shutdown("both")],
  ];

  test.each(calls)("%s fails with ERR_SOCKET_CLOSED", (_, call) => {
    const socket = Socket.tcp();
    socket.close();
    expect(errorOf(() => call(socket))).toMatchObject({
      name: "Error",
      code: "ERR_SOCKET_CLOSED",
      message: "The socket is closed",
    });
  });

  test("fileno, isClosed, state, onClose and close do not fail", () => {
    const socket = Socket.tcp();
    socket.close();
    expect(socket.fileno()).toBe(-1);
    expect(socket.isClosed).toBe(true);
    expect(socket.state).toBe("CLOSED");
    expect(socket.isBlocking).toBe(false);
    expect(socket.family).toBe("IPv4");
    socket.onClose(() => {})();
    socket.close();
  });

  test("no member was forgotten in the list above", () => {
    const spared = ["constructor", "close", "fileno", "isClosed", "isBlocking", "onClose", "state"];
    spared.push("addCloseHook", "removeCloseHook");
    const internal = [
      "decodeName",
      "failed",
      "family",
      "openFd",
      "readError",
      "settle",
      "type",
      "wait",
    ];
    const members = new Set<string>();
    for (
      let prototype: object = Socket.prototype;
      prototype !== Object.prototype;
      prototype = Object.getPrototypeOf(prototype)
    ) {
      for (const name of Object.getOwnPropertyNames(prototype)) members.add(name);
    }
    for (const name of [...spared, ...internal]) members.delete(name);
    expect([...members].sort()).toEqual(calls.map(([name]) => name).sort());
  });
});

describe("detach() and fromFd()", () => {
  test("hand the descriptor over with what waits in it", () => {
    const [a, b] = pair();
    send(b, "in the buffer");
    const fd = a.detach();
    expect(a.isClosed).toBe(true);
    const adopted = track(Socket.fromFd(fd));
    expect(adopted.fileno()).toBe(fd);
    expect(adopted.family).toBe("unix");
    expect(adopted.type).toBe("stream");
    expect(receive(adopted)).toBe("in the buffer");
  });

  test("detach() runs the hooks while the descriptor is open", () => {
    const [a] = pair();
    const seen: number[] = [];
    a.onClose(() => seen.push(a.fileno()));
    const fd = a.detach();
    expect(seen).toEqual([fd]);
    Socket.fromFd(fd).close();
  });

  test("close() of the detached socket leaves the descriptor alone", () => {
    const [a] = pair();
    const fd = a.detach();
    a.close();
    expect(systemKernel.close(fd)).toBe(errnoOf("EBADF")); // Owned by nobody here.
    expect(systemKernel.fcntl_nonblock(fd, true)).toBe(0); // But open.
    Socket.fromFd(fd).close();
  });

  test("detach() inside a hook fails, the socket is being closed", () => {
    const [a] = pair();
    a.onClose(() => a.detach());
    expect(() => a.close()).toThrow(expect.objectContaining({ code: "ERR_SOCKET_CLOSED" }));
  });

  test("a hook that throws in detach() leaves the socket open", () => {
    const [a] = pair();
    a.onClose(() => {
      throw new Error("from a hook");
    });
    expect(() => a.detach()).toThrow("from a hook");
    expect(a.isClosed).toBe(false);
    expect(a.fileno()).toBeGreaterThanOrEqual(0);
  });

  test.each([
    ["IPv4", "stream", () => Socket.tcp()],
    ["IPv6", "stream", () => Socket.tcp({ family: "IPv6" })],
    ["IPv4", "dgram", () => Socket.udp()],
    ["IPv6", "dgram", () => Socket.udp({ family: "IPv6" })],
    ["unix", "stream", () => Socket.unix()],
    ["unix", "dgram", () => Socket.unix({ type: "dgram" })],
    ["unix", "seqpacket", () => Socket.unix({ type: "seqpacket" })],
  ] as const)("fromFd() sees that a socket is %s %s", (family, type, make) => {
    const socket = track(Socket.fromFd(make().detach()));
    expect([socket.family, socket.type]).toEqual([family, type]);
  });

  test("fromFd() refuses what is no socket, and leaves it open", () => {
    const file = openSync("/dev/null", "r");
    expect(errorOf(() => Socket.fromFd(file))).toMatchObject({
      code: "ERR_NOT_A_SOCKET",
      message: `Descriptor ${file} is not a socket`,
    });
    closeSync(file);
  });

  test.each([
    [999_999, "EBADF"],
    [-1, "ERR_OUT_OF_RANGE"],
    [2 ** 31, "ERR_OUT_OF_RANGE"],
    ["0", "ERR_INVALID_ARG_TYPE"],
  ])("fromFd(%j) throws %s", (fd, code) => {
    expect(() => Socket.fromFd(toFd(fd as number))).toThrow(expect.objectContaining({ code }));
  });
});

test("an abandoned socket warns once and keeps its descriptor; closed and detached ones do not", async () => {
  const source = `
    import { Socket } from "socket-reactor";
    import { setImmediate as turn } from "node:timers/promises";
    import { setFlagsFromString } from "node:v8";
    import { runInNewContext } from "node:vm";
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc");
    process.on("warning", ({ name, code, message }) => console.log(name, code, message));
    const settle = async () => { for (let i = 0; i < 5; i++) { gc(); await turn(); } };
    (() => { Socket.tcp().close(); Socket.tcp().detach(); })();
    await settle();
    console.log("now");
    const fd = (() => { Socket.tcp(); return Socket.tcp().fileno(); })();
    await settle();
    Socket.fromFd(fd).close();
  `;
  const { stdout, stderr } = await runChild(source);
  const lines = stdout.trim().split("\n");
  expect(lines, stderr).toHaveLength(2);
  expect(lines[0]).toBe("now");
  expect(lines[1]).toMatch(
    /^ResourceWarning SOCKET_REACTOR_ABANDONED A socket \(descriptor \d+\) was garbage-collected/,
  );
});
