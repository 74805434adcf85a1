/** permessage-deflate, one direction: RFC 7692 §7.2, all windows, both kinds of takeover, bombs. */
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Deflater, Inflater } from "../../../src/protocols/websocket/deflate.js";
import { errorOf, pattern } from "../../streams/support.js";

const FULL = { noContextTakeover: false, windowBits: 15 };
const ALONE = { noContextTakeover: true, windowBits: 15 };
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

/** As another implementation does it: one stream of zlib's for all messages, flushed at each end. */
function deflateOnce(bytes: Uint8Array): Buffer {
  return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

/** With a window of that size and no more: it gets out 64 bytes at a time. */
function inflateStrictly(payload: Uint8Array, windowBits: number, before: Buffer): Buffer {
  return inflateRawSync(Buffer.concat([payload, hex("0000ffff")]), {
    windowBits,
    chunkSize: 64,
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(before.length > 0 && { dictionary: before }),
  });
}

describe("the examples of RFC 7692 §7.2.3", () => {
  const hello = (inflater: Inflater, bytes: string): string =>
    inflater.inflate(hex(bytes)).toString();

  test("one block, and the same text again with a window to refer to", () => {
    const inflater = new Inflater(FULL, 100);
    expect(hello(inflater, "f2 48 cd c9 c9 07 00")).toBe("Hello");
    expect(hello(inflater, "f2 00 11 00 00")).toBe("Hello");
  });

  test("a block without compression", () => {
    expect(hello(new Inflater(FULL, 100), "00 05 00 fa ff 48 65 6c 6c 6f 00")).toBe("Hello");
  });

  test("a final block, padded, and what refers to it in the next message", () => {
    const inflater = new Inflater(FULL, 100);
    expect(hello(inflater, "f3 48 cd c9 c9 07 00 00")).toBe("Hello");
    expect(hello(inflater, "f2 00 11 00 00")).toBe("Hello");
  });

  test("two blocks", () => {
    expect(hello(new Inflater(FULL, 100), "f2 48 05 00 00 00 ff ff ca c9 c9 07 00")).toBe("Hello");
  });

  test("an empty message", () => {
    expect(hello(new Inflater(FULL, 100), "00")).toBe("");
    expect(new Deflater(FULL, 6).deflate(Buffer.alloc(0))).toEqual(Buffer.from([0]));
  });

  test("a final block, and others behind it in the same message", () => {
    const final = deflateRawSync("one, ");
    const inflater = new Inflater(FULL, 100);
    const payload = Buffer.concat([final, final, deflateOnce(Buffer.from("two"))]);
    expect(inflater.inflate(payload).toString()).toBe("one, one, two");
  });
});

describe.each([8, 9, 10, 11, 12, 13, 14, 15])("a window of 2^%d", (windowBits) => {
  test.each([true, false])("no takeover: %s; messages come back, in order", (noContextTakeover) => {
    const terms = { noContextTakeover, windowBits };
    const deflater = new Deflater(terms, 6);
    const inflater = new Inflater(terms, Infinity);
    const noise = pattern(3, 3000);
    const texts = Array.from(
      { length: 40 },
      (_, i) => `line ${i} of ${"some text ".repeat(i * 13)}`,
    );
    for (const sent of [...texts.map((text) => Buffer.from(text)), noise, noise, Buffer.alloc(0)]) {
      expect(Buffer.compare(inflater.inflate(deflater.deflate(sent)), sent)).toBe(0);
    }
  });

  test("no reference reaches behind the window", () => {
    const terms = { noContextTakeover: false, windowBits };
    const deflater = new Deflater(terms, 9);
    const sent = Array.from({ length: 20 }, (_, i) => {
      const part = pattern(1 + (i % 3), 150 + 40 * i);
      return Buffer.concat([part, part, part.subarray(50)]);
    });
    let before = Buffer.alloc(0);
    for (const bytes of sent) {
      const payload = deflater.deflate(bytes);
      expect(Buffer.compare(inflateStrictly(payload, windowBits, before), bytes)).toBe(0);
      before = Buffer.concat([before, bytes]).subarray(-(2 ** windowBits));
    }
  });
});

test("takeover makes what was there before short", () => {
  const noise = pattern(1, 4000);
  const deflater = new Deflater(FULL, 6);
  expect(deflater.deflate(noise).length).toBeGreaterThan(3900);
  expect(deflater.deflate(noise).length).toBeLessThan(100);
  const alone = new Deflater(ALONE, 6);
  alone.deflate(noise);
  expect(alone.deflate(noise).length).toBeGreaterThan(3900);
});

describe("limits", () => {
  const bomb = deflateOnce(Buffer.alloc(64 * 1024 * 1024));

  test("a bomb of 1:1000 ends at the limit, and not much memory later", () => {
    expect(bomb.length).toBeLessThan(70_000);
    const inflater = new Inflater(FULL, 1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    expect(errorOf(() => inflater.inflate(bomb))).toMatchObject({ closeCode: 1009 });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
  });

  test.each([1, 100, 20_000])("a message of exactly %d bytes passes, one more does not", (n) => {
    const payload = deflateOnce(Buffer.alloc(n));
    expect(new Inflater(FULL, n).inflate(payload)).toHaveLength(n);
    const error = errorOf(() => new Inflater(FULL, n).inflate(deflateOnce(Buffer.alloc(n + 1))));
    expect(error).toMatchObject({ closeCode: 1009 });
  });

  test("the limit is for all streams of a message together", () => {
    const final = deflateRawSync(Buffer.alloc(60));
    const inflater = new Inflater(FULL, 100);
    expect(errorOf(() => inflater.inflate(Buffer.concat([final, final])))).toMatchObject({
      closeCode: 1009,
    });
  });

  test("a message of nothing but final blocks is not worked on for long", () => {
    const blocks = Buffer.alloc(1024 * 1024, hex("03 00"));
    expect(errorOf(() => new Inflater(FULL, 1024 * 1024).inflate(blocks))).toMatchObject({
      closeCode: 1009,
    });
  });
});

describe("what is no deflate", () => {
  test.each([["ff ff ff"], ["06"], ["04 c0"], ["00 05 00 00 00"]])("%s: 1007", (bytes) => {
    expect(errorOf(() => new Inflater(FULL, 1000).inflate(hex(bytes)))).toMatchObject({
      closeCode: 1007,
    });
  });

  test("a reference to what was never there: 1007", () => {
    expect(errorOf(() => new Inflater(FULL, 1000).inflate(hex("f2 00 11 00 00")))).toMatchObject({
      closeCode: 1007,
    });
  });

  test("a reference to the message before, without takeover: 1007", () => {
    const inflater = new Inflater(ALONE, 1000);
    inflater.inflate(hex("f2 48 cd c9 c9 07 00"));
    expect(errorOf(() => inflater.inflate(hex("f2 00 11 00 00")))).toMatchObject({
      closeCode: 1007,
    });
  });

  test("no bytes make it throw anything but the protocol's error", () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    const property = fc.property(fc.array(bytes, { maxLength: 3 }), (payloads) => {
      const inflater = new Inflater(FULL, 1000);
      for (const payload of payloads) {
        try {
          expect(inflater.inflate(payload).length).toBeLessThanOrEqual(1000);
        } catch (error) {
          expect(error).toMatchObject({ name: "WebSocketError" });
          return;
        }
      }
    });
    fc.assert(property, { numRuns: 500 });
  });
});
