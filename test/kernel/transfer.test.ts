/** recv, send, recvfrom, sendto and sendfile. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fill, resetOnClose } from "../support/raw.js";
import {
  AF_INET,
  closeNow,
  expectErrno,
  expectMisuse,
  kernel,
  loopback,
  pair,
  pipe,
  SOCK_DGRAM,
  SOCK_STREAM,
  socket,
  tcpPair,
  text,
  udp,
} from "./support.js";

const { MSG_PEEK, MSG_TRUNC } = kernel.constants;

describe("recv() and send()", () => {
  test("move bytes; WOULD_BLOCK, end of stream and a reset are told apart", () => {
    const [client, server] = tcpPair();
    const bytes = new Uint8Array(16);
    expectErrno(kernel.recv(server, bytes, 0, 16, 0), "EAGAIN");
    expect(kernel.send(client, text("hello world"), 6, 5, 0)).toBe(5);
    expect(kernel.recv(server, bytes, 0, 16, MSG_PEEK)).toBe(5);
    expect(kernel.recv(server, bytes, 10, 6, 0)).toBe(5);
    expect(Buffer.from(bytes.subarray(10, 15)).toString()).toBe("world");
    resetOnClose(client);
    closeNow(client);
    expectErrno(kernel.recv(server, bytes, 0, 16, 0), "ECONNRESET");
    expect(kernel.recv(server, bytes, 0, 16, 0)).toBe(0);
    expectErrno(kernel.send(server, bytes, 0, 1, 0), "EPIPE");
  });

  test("a full peer makes send() take a part, then nothing", () => {
    const [left] = pair();
    fill(left);
    expectErrno(kernel.send(left, new Uint8Array(1), 0, 1, 0), "EAGAIN");
  });

  test("bytes beside the part of the buffer stay as they are", () => {
    const [left, right] = pair();
    const bytes = new Uint8Array(32).fill(7);
    kernel.send(right, new Uint8Array(32), 0, 32, 0);
    expect(kernel.recv(left, bytes, 8, 8, 0)).toBe(8);
    expect([...bytes].map((byte, i) => byte === (i >= 8 && i < 16 ? 0 : 7))).not.toContain(false);
  });

  test("refuse what is no socket", () => {
    const bytes = new Uint8Array(1);
    expectErrno(kernel.recv(pipe()[0], bytes, 0, 1, 0), "ENOTSOCK");
    expectErrno(kernel.send(pipe()[1], bytes, 0, 1, 0), "ENOTSOCK");
    expectErrno(kernel.recv(socket(AF_INET, SOCK_STREAM), bytes, 0, 1, 0), "ENOTCONN");
  });

  test("take a Uint8Array and no other view", () => {
    const [left] = pair();
    for (const view of [
      new Int32Array(4),
      new DataView(new ArrayBuffer(4)),
      [1],
      new ArrayBuffer(4),
    ]) {
      const call = () => kernel.recv(left, view as never, 0, 1, 0);
      expectMisuse(call, TypeError, "ERR_INVALID_ARG_TYPE");
    }
  });
});

describe("recvfrom() and sendto()", () => {
  test("carry datagrams with the sender's address", () => {
    const [a, b] = [udp(), udp()];
    const bytes = new Uint8Array(16);
    expect(kernel.sendto(a.fd, text("datagram"), 0, 8, 0, b.address)).toBe(8);
    const sender = new Uint8Array(120).fill(0xff);
    expect(kernel.recvfrom(b.fd, bytes, 0, 16, 0, sender)).toBe(8);
    expect(sender).toEqual(a.address);
    expect(kernel.sendto(b.fd, bytes, 0, 0, 0, sender)).toBe(0);
    expect(kernel.recvfrom(a.fd, bytes, 0, 16, 0, undefined)).toBe(0);
    expectErrno(kernel.recvfrom(a.fd, bytes, 0, 16, 0, undefined), "EAGAIN");
  });

  test("an unnamed unix sender is an empty record, a connected stream's too", () => {
    for (const type of [SOCK_DGRAM, SOCK_STREAM]) {
      const [left, right] = pair(type);
      kernel.send(right, text("x"), 0, 1, 0);
      const sender = new Uint8Array(120).fill(0xff);
      expect(kernel.recvfrom(left, new Uint8Array(4), 0, 4, 0, sender)).toBe(1);
      expect([...sender.subarray(8)].every((byte) => byte === 0)).toBe(true);
    }
  });

  test("a datagram longer than the buffer is cut; MSG_TRUNC tells its length (Linux)", ({
    skip,
  }) => {
    if (process.platform !== "linux") skip();
    const [left, right] = pair(SOCK_DGRAM);
    kernel.send(right, text("0123456789"), 0, 10, 0);
    const bytes = new Uint8Array(4);
    expect(kernel.recvfrom(left, bytes, 0, 4, MSG_PEEK | MSG_TRUNC, undefined)).toBe(10);
    expect(kernel.recvfrom(left, bytes, 0, 4, 0, undefined)).toBe(4);
  });

  test("an oversized datagram is EMSGSIZE; an address that is too short, a RangeError", () => {
    const { fd, address } = udp();
    const big = new Uint8Array(70_000);
    expectErrno(kernel.sendto(fd, big, 0, big.length, 0, address), "EMSGSIZE");
    const call = () => kernel.sendto(fd, big, 0, 1, 0, loopback().subarray(1));
    expectMisuse(call, RangeError, "ERR_OUT_OF_RANGE");
  });
});

describe("sendfile()", () => {
  function file(content: string): number {
    const directory = mkdtempSync(join(tmpdir(), "socket-reactor-"));
    writeFileSync(join(directory, "data"), content);
    const fd = openSync(join(directory, "data"), "r");
    onTestFinished(() => {
      closeSync(fd);
      rmSync(directory, { recursive: true });
    });
    return fd;
  }

  test("sends from an offset, stops at the end of the file, and keeps its position", () => {
    const fd = file("0123456789");
    const [client, server] = tcpPair();
    const bytes = new Uint8Array(16);
    for (let round = 0; round < 2; round++) {
      expect(kernel.sendfile(client, fd, 4, 1000)).toBe(6);
      expect(kernel.recv(server, bytes, 0, 16, 0)).toBe(6);
      expect(Buffer.from(bytes.subarray(0, 6)).toString()).toBe("456789");
    }
    expect(kernel.sendfile(client, fd, 10, 10)).toBe(0);
    expect(kernel.sendfile(client, fd, 0, 0)).toBe(0);
    expect(kernel.sendfile(client, fd, 2 ** 53 - 1, 2 ** 53 - 1)).toBeLessThanOrEqual(0);
  });

  test("refuses negative and fractional places, and what is no file", () => {
    const [left] = pair();
    expectMisuse(() => kernel.sendfile(left, left, -1, 1), RangeError, "ERR_OUT_OF_RANGE");
    expectMisuse(() => kernel.sendfile(left, left, 0, 1.5), RangeError, "ERR_OUT_OF_RANGE");
    expect(kernel.sendfile(left, left, 0, 1)).toBeLessThan(0);
  });
});
