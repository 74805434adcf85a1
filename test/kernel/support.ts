/**
 * For the tests of kernel/: descriptors that close themselves after each test, address and control
 * records made by hand (what sockets/ writes is not used here: it stands on what is tested).
 */
import { afterEach, expect } from "vitest";
import { ADDRESS_BYTES, errnoName, systemKernel } from "../../src/kernel/index.js";

export const kernel = systemKernel;
export const { AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOL_SOCKET } = kernel.constants;

/** A number that is no open descriptor. */
export const UNUSED_FD = 0x7ffffff0;

const opened = new Set<number>();

afterEach(() => {
  for (const fd of opened) kernel.close(fd);
  opened.clear();
});

/** Closes the descriptor after the test, unless the test did. A refused call fails the test. */
export function own(fd: number): number {
  if (fd < 0) throw new Error(`A descriptor was expected: ${errnoName(fd)}`);
  opened.add(fd);
  return fd;
}

/** The result of a call that must succeed. */
export function ok(result: number): number {
  expect(result < 0 ? errnoName(result) : "success").toBe("success");
  return result;
}

/** Expects a negative errno, by name. */
export function expectErrno(result: number, name: string): void {
  expect(result < 0 ? errnoName(result) : result).toBe(name);
}

export function closeNow(fd: number): void {
  opened.delete(fd);
  expect(kernel.close(fd)).toBe(0);
}

export function socket(domain: number, type: number, blocking = false): number {
  return own(kernel.socket(domain, type, 0, blocking));
}

function two(result: number, out: Int32Array): [number, number] {
  ok(result);
  return [own(out[0] as number), own(out[1] as number)];
}

/** A connected pair of unix sockets. */
export function pair(type: number = SOCK_STREAM): [number, number] {
  const out = new Int32Array(2);
  return two(kernel.socketpair(AF_UNIX, type, 0, false, out), out);
}

export function pipe(): [read: number, write: number] {
  const out = new Int32Array(2);
  return two(kernel.pipe2(false, out), out);
}

/** An address record, see native/address.h. */
export function record(family: number, port: number, data: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port, true);
  view.setUint32(8, data.length, true);
  bytes.set(data, 12);
  return bytes;
}

export function loopback(port = 0): Uint8Array {
  return record(AF_INET, port, [127, 0, 0, 1]);
}

export function portOf(address: Uint8Array): number {
  return new DataView(address.buffer, address.byteOffset).getUint16(2, true);
}

/** A datagram socket on loopback, and its address. */
export function udp(): { fd: number; address: Uint8Array } {
  const fd = socket(AF_INET, SOCK_DGRAM);
  ok(kernel.bind(fd, loopback()));
  return { fd, address: nameOf(fd) };
}

export function listener(): { fd: number; address: Uint8Array } {
  const fd = socket(AF_INET, SOCK_STREAM);
  ok(kernel.bind(fd, loopback()));
  ok(kernel.listen(fd, 16));
  return { fd, address: nameOf(fd) };
}

/** A connected pair of TCP sockets. On loopback accept4 has the connection at once. */
export function tcpPair(): [client: number, server: number] {
  const { fd, address } = listener();
  const client = socket(AF_INET, SOCK_STREAM);
  const result = kernel.connect(client, address);
  if (errnoName(result) !== "EINPROGRESS") ok(result);
  return [client, own(kernel.accept4(fd, false, undefined))];
}

export function nameOf(fd: number): Uint8Array {
  const address = new Uint8Array(ADDRESS_BYTES);
  ok(kernel.getsockname(fd, address));
  return address;
}

export interface ControlRecord {
  readonly level: number;
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Control records, see native/control.h. */
export function control(...records: ControlRecord[]): Uint8Array {
  const parts = records.map(({ level, type, bytes }) => {
    const part = new Uint8Array(12 + ((bytes.length + 3) & ~3));
    const view = new DataView(part.buffer);
    view.setInt32(0, level, true);
    view.setInt32(4, type, true);
    view.setInt32(8, bytes.length, true);
    part.set(bytes, 12);
    return part;
  });
  return Buffer.concat(parts);
}

export function parseControl(bytes: Uint8Array): ControlRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: ControlRecord[] = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    const length = view.getInt32(at + 8, true);
    records.push({
      level: view.getInt32(at, true),
      type: view.getInt32(at + 4, true),
      bytes: bytes.slice(at + 12, at + 12 + length),
    });
    at += 12 + ((length + 3) & ~3);
  }
  return records;
}

export function int32s(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, i) => {
    new DataView(bytes.buffer).setInt32(i * 4, value, true);
  });
  return bytes;
}

/** The SCM_RIGHTS record of some descriptors. */
export function rights(...fds: number[]): Uint8Array {
  return control({
    level: SOL_SOCKET,
    type: kernel.constants.SCM_RIGHTS,
    bytes: int32s(...fds),
  });
}

export function text(value: string): Uint8Array {
  return Buffer.from(value);
}

/** An error of misuse, by class and code. */
export function expectMisuse(call: () => unknown, Class: new () => Error, code: string): void {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(Class);
  expect(error).toMatchObject({ code });
}
