/** Parts of files among what a stream sends. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SO_SNDBUF } from "../../src/index.js";
import {
  collect,
  drive,
  errorOf,
  expectBytes,
  fill,
  joined,
  pattern,
  reactorOf,
  receiveAll,
  recorder,
  turns,
  WAYS,
} from "./support.js";

const content = pattern(7, 700_000);
let folder: string;
let fd: number;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "send-file-"));
  writeFileSync(join(folder, "content"), content);
  fd = openSync(join(folder, "content"), "r");
});

afterAll(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

describe.each(WAYS)("%s", (way) => {
  test.each(["tcp", "unix"] as const)("a whole file goes out over %s", async (kind) => {
    const reactor = reactorOf();
    const sent: boolean[] = [];
    const { stream, peer } = joined(reactor, {}, {}, kind);
    const got = collect(reactor, peer);
    const onSent = (isComplete: boolean) => void sent.push(isComplete);
    expect(stream.sendFile(fd, 0, content.length, { onSent })).toBe(false);
    stream.end();
    await drive(reactor, way, () => got.isEnded);
    expectBytes(got.bytes(), content);
    expect(sent).toEqual([true]);
    expect(stream.bytesWritten).toBe(content.length);
  });

  test("parts, several in a row and between writes, stay in order", async () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor, {}, {}, "unix");
    stream.socket.setOption(SO_SNDBUF, 8192);
    const got = collect(reactor, peer);
    const sent: number[] = [];
    const wanted: Buffer[] = [];
    const write = (text: string): void => {
      stream.write(text);
      wanted.push(Buffer.from(text));
    };
    const file = (offset: number, length: number): void => {
      const at = sent.length + wanted.length;
      stream.sendFile(fd, offset, length, { onSent: () => sent.push(at) });
      wanted.push(content.subarray(offset, offset + length));
    };
    write("head ");
    file(10, 100_000);
    file(5, 1);
    write("between ");
    write("x".repeat(40_000));
    file(699_000, 1000);
    file(0, 0);
    write("tail");
    stream.end();
    await drive(reactor, way, () => got.isEnded);
    expectBytes(got.bytes(), Buffer.concat(wanted));
    expect(sent).toHaveLength(4);
  });

  test("a file that is too short ends the stream, for the length was promised", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const sent: boolean[] = [];
    const { stream, peer } = joined(reactor, recorder(log));
    const got = collect(reactor, peer);
    stream.sendFile(fd, content.length - 10, 11, { onSent: (isWhole) => void sent.push(isWhole) });
    await drive(reactor, way, () => stream.isDestroyed && got.isEnded);
    expect(got.bytes()).toHaveLength(10);
    expect(log).toEqual(["close ERR_FILE_TOO_SHORT"]);
    expect(sent).toEqual([false]);
  });

  test("one that is destroyed in the middle of a file says so once", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream } = joined(reactor, recorder(log), {}, "unix");
    const onSent = (isWhole: boolean) => void log.push(`sent ${isWhole}`);
    stream.sendFile(fd, 0, content.length, { onSent });
    stream.sendFile(fd, 0, 10, { onSent });
    await drive(reactor, way, () => stream.bytesWritten > 0);
    expect(stream.hasPendingOutput).toBe(true);
    stream.destroy();
    turns(reactor, 2);
    expect(log).toEqual(["sent false", "sent false", "close"]);
  });

  test.skipIf(process.platform !== "linux")(
    "what goes before a file shares its segment (MSG_MORE is Linux' own)",
    async () => {
      const reactor = reactorOf();
      const { stream, peer } = joined(reactor);
      const got = collect(reactor, peer);
      const before = stream.socket.info()["dataSegsOut"] as number;
      stream.write("head ");
      stream.sendFile(fd, 0, 1000);
      await drive(reactor, way, () => got.bytes().length === 1005);
      expect(stream.socket.info()["dataSegsOut"]).toBe(before + 1);
      stream.write("alone"); // held back by nothing
      await drive(reactor, way, () => got.bytes().length === 1010);
    },
  );

  test("what is refused changes nothing: what was written before is sent", async () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor);
    const got = collect(reactor, peer);
    stream.write("before");
    expect(errorOf(() => stream.sendFile(fd, -1, 5))).toMatchObject({ code: "ERR_OUT_OF_RANGE" });
    expect(errorOf(() => stream.sendFile(fd, 0, 0.5))).toBeInstanceOf(RangeError);
    await drive(reactor, way, () => got.bytes().length > 0);
    expect(String(got.bytes())).toBe("before");
  });

  test("after end() and after destroy() it is refused, and nothing is sent", async () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor, {}, {}, "unix");
    const got = collect(reactor, peer);
    fill(stream.socket);
    const full = fill(stream.socket);
    expect(full).toBe(0);
    stream.end("waits");
    const onSent = () => expect.unreachable();
    expect(errorOf(() => stream.sendFile(fd, 0, 10, { onSent }))).toMatchObject({
      code: "ERR_STREAM_WRITE_AFTER_END",
    });
    await drive(reactor, way, () => got.isEnded);
    expect(String(got.bytes().subarray(-5))).toBe("waits");
    stream.destroy();
    expect(errorOf(() => stream.sendFile(fd, 0, 10, { onSent }))).toMatchObject({
      code: "ERR_STREAM_DESTROYED",
    });
    turns(reactor, 2);
  });

  test("an onSent that throws goes to the reactor; the stream, too, is over in order", async () => {
    const errors: unknown[] = [];
    const reactor = reactorOf({ onError: (error) => errors.push(error) });
    const log: string[] = [];
    const { stream, peer } = joined(reactor, recorder(log), {}, "unix");
    const got = collect(reactor, peer);
    const onSent = () => {
      throw new Error("of onSent");
    };
    stream.sendFile(fd, 0, 10, { onSent });
    stream.write("after");
    await drive(reactor, way, () => got.bytes().length === 15);
    stream.sendFile(fd, 0, content.length, { onSent });
    stream.destroy();
    expect(log).toEqual(["close"]);
    expect(errors).toEqual([new Error("of onSent"), new Error("of onSent")]);
    expect(reactor.stats().started).toBe(0);
  });

  test("onSent may write, send another file, or destroy", async () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor);
    const got = collect(reactor, peer);
    const onSent = (): void => {
      stream.write("|");
      stream.sendFile(fd, 10, 10, { onSent: () => stream.destroy() });
    };
    stream.sendFile(fd, 0, 10, { onSent });
    await drive(reactor, way, () => got.isEnded);
    const wanted = [content.subarray(0, 10), Buffer.from("|"), content.subarray(10, 20)];
    expectBytes(got.bytes(), Buffer.concat(wanted));
  });
});

test("a peer that is gone ends it with an error, and onSent once", () => {
  const reactor = reactorOf();
  const log: string[] = [];
  const { stream, peer } = joined(reactor, recorder(log), { paused: true }, "unix");
  peer.close();
  const onSent = (isWhole: boolean) => void log.push(`sent ${isWhole}`);
  stream.sendFile(fd, 0, 10, { onSent });
  turns(reactor, 3);
  expect(log).toEqual(["sent false", "close EPIPE"]);
  expect(() => receiveAll(peer)).toThrow();
});
