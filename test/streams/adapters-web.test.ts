/** A stream as a pair of web streams: pressure, ends and errors of each half. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { READ_HIGH_BYTES, toWeb, WEB_HIGH_BYTES, WRITE_HIGH_BYTES } from "../../src/index.js";
import { accepted, digest, logOf, sha1, until } from "./adapters-support.js";

const MIB = 1024 * 1024;

/** As text: "value", or the code or message of the error. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  try {
    return String(await promise);
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    return String(code ?? message ?? error);
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("bytes", () => {
  test("go through pipeTo and come back", async () => {
    const { house, stream, peer } = await accepted();
    const { readable, writable } = stream.toWeb();
    const echoed = readable.pipeTo(writable);
    const sent = randomBytes(8 * MIB);
    peer.end(sent);
    expect(await digest(peer)).toEqual({ hash: sha1(sent), bytes: sent.length });
    await echoed;
    expect(await house.over()).toBe("empty");
  });

  test("are copies: they stay when the shared buffer carries others", async () => {
    const { house, stream, peer } = await accepted();
    const { readable, writable } = stream.toWeb();
    const reader = readable.getReader();
    peer.write("first");
    const { value } = await reader.read();
    peer.end("second");
    expect(Buffer.from((await reader.read()).value as Uint8Array).toString()).toBe("second");
    expect(Buffer.from(value as Uint8Array).toString()).toBe("first");
    expect((await reader.read()).done).toBe(true);
    await writable.close();
    expect(await house.over()).toBe("empty");
  });

  test("fill the buffers of a BYOB reader, and the end gives the last one back", async () => {
    const { house, stream, peer } = await accepted();
    const { readable, writable } = stream.toWeb();
    const reader = readable.getReader({ mode: "byob" });
    const first = reader.read(new Uint8Array(4));
    peer.write("abcdef");
    expect(Buffer.from((await first).value as Uint8Array).toString()).toBe("abcd");
    const { value } = await reader.read(new Uint8Array(4));
    expect(Buffer.from(value as Uint8Array).toString()).toBe("ef");
    const last = reader.read(new Uint8Array(4));
    peer.end();
    expect(await last).toEqual({ done: true, value: new Uint8Array(0) });
    await writable.close();
    expect(await house.over()).toBe("empty");
  });

  test("that came before, and the end, are not lost", async () => {
    const { house, stream, peer } = await accepted({ stream: { allowHalfOpen: true } });
    peer.end("early");
    await until(() => stream.hasReadEnded);
    const { readable, writable } = toWeb(stream);
    const parts: Uint8Array[] = [];
    for await (const part of readable) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe("early");
    await writable.close();
    expect(await house.over()).toBe("empty");
  });
});

describe("pressure", () => {
  test("a reader that does not read stops the peer, and loses nothing", async () => {
    const { house, stream, peer } = await accepted();
    const { readable, writable } = stream.toWeb();
    const sent = randomBytes(24 * MIB);
    peer.end(sent);
    await until(() => stream.isReading === false);
    await turns(50);
    expect(stream.bytesRead).toBeLessThan(WEB_HIGH_BYTES + 2 * READ_HIGH_BYTES);
    const parts: Uint8Array[] = [];
    for await (const part of readable) parts.push(part);
    expect(sha1(...parts)).toBe(sha1(sent));
    await writable.close();
    expect(await house.over()).toBe("empty");
  });

  test("a peer that does not read holds the writer at `ready`", async () => {
    const { stream, peer } = await accepted();
    const writer = stream.toWeb().writable.getWriter();
    const chunk = randomBytes(128 * 1024);
    let count = 0;
    const written = (async () => {
      for (; count < 200; count += 1) {
        await writer.ready;
        void writer.write(chunk);
      }
      await writer.close();
    })();
    await until(() => stream.pendingBytes >= WRITE_HIGH_BYTES);
    await turns(10);
    const stuckAt = count;
    await turns(50);
    expect(count).toBe(stuckAt);
    expect(stream.pendingBytes).toBeLessThanOrEqual(WRITE_HIGH_BYTES + chunk.length);
    expect((await digest(peer)).bytes).toBe(200 * chunk.length);
    await written;
  });
});

describe("the ends", () => {
  test("the peer's end closes readable and leaves writable open", async () => {
    const { house, stream, peer } = await accepted();
    const { readable, writable } = stream.toWeb();
    peer.end();
    expect((await readable.getReader().read()).done).toBe(true);
    await turns(10);
    expect(stream.isWritable).toBe(true);
    const writer = writable.getWriter();
    await writer.write(Buffer.from("late"));
    await writer.close();
    expect(String(Buffer.concat(await peer.toArray()))).toBe("late");
    expect(await house.over()).toBe("empty");
  });

  test("close() is over when everything is sent", async () => {
    const { stream, peer } = await accepted();
    const writer = stream.toWeb().writable.getWriter();
    void writer.write(randomBytes(16 * MIB));
    let isClosed = false;
    const closing = writer.close().then(() => {
      isClosed = true;
    });
    await until(() => stream.pendingBytes > 0);
    await turns(20);
    expect(isClosed).toBe(false);
    expect((await digest(peer)).bytes).toBe(16 * MIB);
    await closing;
  });

  test("cancel(reason) destroys the stream and fails the writer with the reason", async () => {
    const { house, stream, peer } = await accepted();
    const { readable, writable } = stream.toWeb();
    const writer = writable.getWriter();
    await readable.cancel(new Error("enough"));
    expect(stream.isDestroyed).toBe(true);
    expect(await outcome(writer.closed)).toBe("enough");
    expect(await outcome(writer.write(Buffer.from("x")))).toBe("enough");
    peer.resume();
    expect(await house.over()).toBe("empty");
  });

  test("abort(reason) destroys the stream and fails the reader with the reason", async () => {
    const { house, stream } = await accepted();
    const { readable, writable } = stream.toWeb();
    const reading = outcome(readable.getReader().read());
    await writable.abort(new Error("enough"));
    expect(stream.isDestroyed).toBe(true);
    expect(await reading).toBe("enough");
    expect(await house.over()).toBe("empty");
  });

  test("abort() without a reason, too", async () => {
    const { house, stream } = await accepted();
    const { readable, writable } = stream.toWeb();
    const reading = outcome(readable.getReader().read());
    await writable.abort();
    expect(await reading).toBe("ERR_STREAM_DESTROYED");
    expect(await house.over()).toBe("empty");
  });

  test("a reset fails the reader, the write that waits, and the close behind it", async () => {
    const { house, stream, peer } = await accepted();
    const { readable, writable } = stream.toWeb();
    const writer = writable.getWriter();
    const outcomes = [
      outcome(writer.write(randomBytes(16 * MIB))),
      outcome(writer.close()),
      outcome(writer.closed),
      outcome(readable.getReader().read()),
    ];
    await until(() => stream.pendingBytes > 0);
    peer.resetAndDestroy();
    expect(await house.over()).toBe("empty");
    const codes = new Set(await Promise.all(outcomes));
    expect([...codes]).toEqual([expect.stringMatching(/^(ECONNRESET|EPIPE)$/)]);
  });

  test("a close that waits for the peer to read fails with the reset", async () => {
    const { house, stream, peer } = await accepted();
    const { readable, writable } = stream.toWeb();
    const writer = writable.getWriter();
    const large = stream.write(Buffer.alloc(16 * MIB));
    expect(large).toBe(false);
    const closing = outcome(writer.close());
    const reading = outcome(readable.getReader().read());
    await turns(5);
    peer.resetAndDestroy();
    expect(await closing).toMatch(/^(ECONNRESET|EPIPE)$/);
    expect(await reading).toBe(await closing);
    expect(await house.over()).toBe("empty");
  });

  test("a chunk that is no bytes fails both halves", async () => {
    const { house, stream, peer } = await accepted();
    const { readable, writable } = stream.toWeb();
    const log = logOf(peer, "end");
    const reading = outcome(readable.getReader().read());
    const chunk = { byteLength: 1 } as unknown as Uint8Array;
    expect(await outcome(writable.getWriter().write(chunk))).toBe("ERR_INVALID_ARG_TYPE");
    expect(await reading).toBe("ERR_INVALID_ARG_TYPE");
    peer.resume();
    await once(peer, "end");
    expect(log).toEqual(["end"]);
    expect(await house.over()).toBe("empty");
  });

  test("a stream that was destroyed before fails both", async () => {
    const { stream } = await accepted();
    stream.destroy();
    const { readable, writable } = stream.toWeb();
    expect(await outcome(readable.getReader().read())).toBe("ERR_STREAM_DESTROYED");
    expect(await outcome(writable.getWriter().closed)).toBe("ERR_STREAM_DESTROYED");
  });
});
