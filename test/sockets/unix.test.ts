import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Fd, toFd, WOULD_BLOCK } from "../../src/kernel/index.js";
import { rightsBytes } from "../../src/sockets/control-records.js";
import { Socket } from "../../src/sockets/socket.js";
import { SO_PASSCRED } from "../../src/sockets/socket-options.js";
import { runChild } from "../support/child.js";
import { openDescriptors } from "../support/descriptors.js";
import { accept, errorOf, fill, pair, receive, send, track, untilReadable } from "./support.js";

const directory = mkdtempSync(join(tmpdir(), "sockets-"));
afterAll(() => rmSync(directory, { recursive: true }));

let names = 0;
const newPath = (): string => join(directory, `${names++}.sock`);
const newAbstract = (): string => `\0sockets-test-${process.pid}-${names++}`;
const buffer = Buffer.alloc(256);
const isLinux = process.platform === "linux";

describe.each([
  ["a path", newPath],
  ["an abstract name", newAbstract],
])("%s", (what, newName) => {
  const only = test.runIf(isLinux || what === "a path");

  only.each(["stream", "seqpacket"] as const)("connects %s sockets", (type) => {
    const path = newName();
    const listener = track(Socket.listenUnix({ path, type }));
    const client = track(Socket.unix({ type }));
    expect(client.connect({ path })).toBe(0);
    const server = accept(listener);
    expect(listener.localAddress).toEqual({ path });
    expect(client.remoteAddress).toEqual({ path });
    expect(server.localAddress).toEqual({ path });
    expect(server.remoteAddress).toEqual({ path: "" });
    expect(server.type).toBe(type);
    send(client, "one");
    send(client, "two");
    expect(receive(server)).toBe(type === "stream" ? "onetwo" : "one");
  });

  only("names dgram sockets", () => {
    const [a, b] = [newName(), newName()];
    const socketA = track(Socket.unix({ type: "dgram" }));
    const socketB = track(Socket.unix({ type: "dgram" }));
    const unnamed = track(Socket.unix({ type: "dgram" }));
    socketA.bind({ path: a });
    socketB.bind({ path: b });
    socketA.sendto(Buffer.from("named"), { path: b });
    unnamed.sendto(Buffer.from("unnamed"), { path: b });
    expect(socketB.recvfrom(buffer)).toEqual({ bytes: 5, address: { path: a } });
    expect(socketB.recvfrom(buffer)).toEqual({ bytes: 7, address: { path: "" } });
    expect(socketB.recvfrom(buffer)).toBeUndefined();
  });

  only("that is taken is EADDRINUSE, one that is not there is refused", () => {
    const path = newName();
    track(Socket.listenUnix({ path }));
    expect(errorOf(() => Socket.listenUnix({ path }))).toMatchObject({
      code: "EADDRINUSE",
      syscall: "bind",
      message: `bind EADDRINUSE: address already in use ${path.replace("\0", "@")}`,
    });
    const client = track(Socket.unix());
    expect(errorOf(() => client.connect({ path: newName() }))).toMatchObject({
      code: path.startsWith("\0") ? "ECONNREFUSED" : "ENOENT",
      syscall: "connect",
    });
  });
});

describe.runIf(isLinux)("abstract names", () => {
  test("are exactly their bytes: no NUL is added, none ends them", () => {
    const path = `${newAbstract()}\0inside`;
    const longer = `${path}\0`;
    track(Socket.listenUnix({ path }));
    const client = track(Socket.unix());
    expect(() => client.connect({ path: longer })).toThrow("ECONNREFUSED");
    expect(client.connect({ path })).toBe(0);
    expect(client.remoteAddress).toEqual({ path });
    track(Socket.listenUnix({ path: longer })); // Another name.
  });

  test("may be 108 bytes long, and need not be UTF-8", () => {
    const path = `${newAbstract()}\udcff`.padEnd(108, "x");
    const listener = track(Socket.listenUnix({ path }));
    expect(listener.localAddress).toEqual({ path });
  });

  test("bind to no name chooses one", () => {
    const socket = track(Socket.unix());
    socket.bind({ path: "" });
    expect(socket.localAddress).toMatchObject({ path: expect.stringMatching(/^\0[0-9a-f]{5}$/) });
  });
});

test("connect() is WOULD_BLOCK while the listener's queue is full", () => {
  const path = newPath();
  const listener = track(Socket.listenUnix({ path, backlog: 0 }));
  const clients: Socket[] = [];
  let result = 0;
  while (result === 0) {
    const client = track(Socket.unix());
    clients.push(client);
    result = client.connect({ path });
  }
  expect(result).toBe(WOULD_BLOCK);
  accept(listener);
  expect(clients.at(-1)?.connect({ path })).toBe(0);
});

describe("pair()", () => {
  test.each(["stream", "dgram", "seqpacket"] as const)("%s: both ends talk", (type) => {
    const [a, b] = pair(type);
    expect(a.type).toBe(type);
    expect(a.localAddress).toEqual({ path: "" });
    send(a, "x");
    send(b, "y");
    expect(receive(b) + receive(a)).toBe("xy");
    expect(a.recv(buffer)).toBe(WOULD_BLOCK);
  });

  test("seqpacket keeps boundaries and ends with 0", () => {
    const [a, b] = pair("seqpacket");
    send(a, "one");
    send(a, "two");
    a.close();
    expect([receive(b), receive(b), receive(b)]).toEqual(["one", "two", ""]);
  });

  test("a stream whose peer is gone: EPIPE", () => {
    const [a, b] = pair();
    b.close();
    expect(() => a.send(buffer)).toThrow(expect.objectContaining({ code: "EPIPE" }));
  });
});

describe("credentials", () => {
  const own = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };

  test("peerCredentials() says who is at the other end", () => {
    const [a] = pair();
    expect(a.peerCredentials()).toEqual(own);
  });

  test("peerCredentials() is undefined where nobody is, and for TCP", () => {
    expect(track(Socket.unix()).peerCredentials()).toBeUndefined();
    expect(track(Socket.tcp()).peerCredentials()).toBeUndefined();
  });

  test.runIf(isLinux)("SO_PASSCRED brings them with each message", () => {
    const [a, b] = pair("dgram");
    b.setOption(SO_PASSCRED, true);
    send(a, "who");
    const message = b.recvmsg(buffer, { controlBytes: 64 });
    expect(message?.control).toEqual([{ type: "credentials", ...own }]);
  });

  test.runIf(isLinux)("may be sent, but not made up by everybody", () => {
    const [a, b] = pair("dgram");
    b.setOption(SO_PASSCRED, true);
    const { pid, uid = 0, gid = 0 } = own;
    a.sendmsg(Buffer.from("me"), { control: [{ type: "credentials", pid, uid, gid }] });
    expect(b.recvmsg(buffer, { controlBytes: 64 })?.control).toMatchObject([{ pid }]);
    const madeUp = { type: "credentials", pid: 0x3fffffff, uid, gid } as const;
    expect(() => a.sendmsg(Buffer.from("x"), { control: [madeUp] })).toThrow(/^sendmsg E/);
  });
});

describe("SCM_RIGHTS", () => {
  function receiveFds(from: Socket, count: number): readonly Fd[] {
    untilReadable(from);
    const message = from.recvmsg(buffer, { controlBytes: rightsBytes(count) });
    return message?.control.flatMap((m) => (m.type === "rights" ? m.fds : [])) ?? [];
  }

  test("passes descriptors, which the receiver then owns", () => {
    const [a, b] = pair();
    const [left, right] = pair();
    a.sendmsg(Buffer.from("x"), { control: [{ type: "rights", fds: [left.fileno()] }] });
    const [fd = toFd(-1)] = receiveFds(b, 1);
    expect(fd).not.toBe(left.fileno());
    const passed = track(Socket.fromFd(fd));
    left.close();
    send(right, "through the passed one");
    expect(receive(passed)).toBe("through the passed one");
  });

  test("without room they are closed by the kernel, and isControlTruncated says so", () => {
    const [a, b] = pair();
    const before = openDescriptors().size;
    for (let i = 0; i < 2; i++) {
      a.sendmsg(Buffer.from("x"), { control: [{ type: "rights", fds: [a.fileno()] }] });
      untilReadable(b);
      // Once without any room, once with too little.
      const controlBytes = i * (rightsBytes(1) - 1);
      const message = b.recvmsg(buffer, { controlBytes });
      expect(message).toMatchObject({ bytes: 1, control: [], isControlTruncated: true });
    }
    expect(openDescriptors().size).toBe(before);
  });

  test("what is no descriptor cannot be sent: EBADF", () => {
    const [a] = pair();
    const control = [{ type: "rights", fds: [toFd(999_999)] }] as const;
    expect(() => a.sendmsg(Buffer.from("x"), { control })).toThrow(
      expect.objectContaining({ code: "EBADF", syscall: "sendmsg" }),
    );
  });

  test("passes a socket to another process and one back", async () => {
    const path = newPath();
    const listener = track(Socket.listenUnix({ path }));
    const child = runChild(`
      import { Socket } from "socket-reactor";
      const channel = Socket.unix({ blocking: true });
      channel.connect({ path: ${JSON.stringify(path)} });
      const buffer = Buffer.alloc(64);
      const { control } = channel.recvmsg(buffer, { controlBytes: 64 });
      const theirs = Socket.fromFd(control[0].fds[0], { blocking: true });
      theirs.send(Buffer.from("from process " + process.pid));
      const [near, far] = Socket.pair({ blocking: true });
      channel.sendmsg(Buffer.from("y"), { control: [{ type: "rights", fds: [far.fileno()] }] });
      far.close();
      const n = near.recv(buffer);
      console.log(buffer.toString("utf8", 0, n));
      for (const socket of [channel, theirs, near]) socket.close();
    `);
    const channel = accept(listener);
    const [near, far] = pair();
    channel.sendmsg(Buffer.from("x"), { control: [{ type: "rights", fds: [far.fileno()] }] });
    far.close(); // The child's copy stays.
    const pid = channel.peerCredentials()?.pid;
    expect(pid).not.toBe(process.pid);
    expect(receive(near)).toBe(`from process ${pid}`);
    const [fd = toFd(-1)] = receiveFds(channel, 1);
    const passed = track(Socket.fromFd(fd));
    send(passed, "hello, child");
    expect(await child).toMatchObject({ code: 0, stdout: "hello, child\n", stderr: "" });
    expect(receive(passed)).toBe(""); // The child is gone.
  });
});

test("queue depths of a stream are bytes on both sides", () => {
  const [a, b] = pair();
  expect([a.sendQueueBytes, b.receiveQueueBytes]).toEqual([0, 0]);
  send(a, "12345");
  expect(b.receiveQueueBytes).toBe(5);
  expect(a.sendQueueBytes).toBeGreaterThanOrEqual(5); // The kernel counts its overhead.
  receive(b);
  expect([a.sendQueueBytes, b.receiveQueueBytes]).toEqual([0, 0]);
});

test("a full dgram socket is WOULD_BLOCK for the sender", () => {
  const [a] = pair("dgram");
  expect(fill(a)).toBeGreaterThan(0);
  expect(a.sendmsg(buffer)).toBe(WOULD_BLOCK);
});

test("sendmsg() gathers up to 64 buffers", () => {
  const [a, b] = pair();
  const buffers = Array.from({ length: 64 }, (_, i) => Buffer.from([i]));
  expect(a.sendmsg(buffers)).toBe(64);
  expect(b.recv(buffer)).toBe(64);
  expect(buffer[63]).toBe(63);
  expect(() => a.sendmsg([...buffers, Buffer.alloc(1)])).toThrow(
    expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }),
  );
});
