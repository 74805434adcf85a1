/** What holds for all messages, all splits, and all bytes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameParser, MESSAGE, Utf8Validator } from "../../../src/protocols/websocket/index.js";
import {
  encodeControl,
  encodeFrame,
} from "../../../src/protocols/websocket/parser/frame-encoder.js";
import { applyMask } from "../../../src/protocols/websocket/parser/mask.js";
import { ByteQueue } from "../../../src/streams/index.js";
import { eventsOf, frame } from "./support.js";

const NUM_RUNS = 300;

/** Cuts bytes at the places that the numbers name, wherever these lie. */
function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
}

const key = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const anyText = fc.string({ unit: "binary", maxLength: 200 });
const message = fc.record({
  data: fc.oneof(anyText, fc.uint8Array({ maxLength: 700 })),
  cuts: fc.array(fc.nat(), { maxLength: 5 }),
  ping: fc.option(fc.uint8Array({ maxLength: 125 })),
  key,
});

/** The frames of a message cut into fragments, with a ping behind the first. */
function framesOf({ data, cuts, ping, key }: Sent, isMasked: boolean): Buffer[] {
  const mask = isMasked ? key : undefined;
  const parts = cut(Buffer.from(data), cuts);
  const frames = parts.map((part, i) => {
    const opcode = i > 0 ? 0 : typeof data === "string" ? 1 : 2;
    return encodeFrame(opcode | (i === parts.length - 1 ? 0x80 : 0), part, mask);
  });
  if (ping !== null) frames.splice(1, 0, encodeControl(9, ping, mask));
  return frames;
}

interface Sent {
  readonly data: string | Uint8Array;
  readonly cuts: readonly number[];
  readonly ping: Uint8Array | null;
  readonly key: number;
}

function wordsOf(sent: readonly Sent[]): string[] {
  return sent.flatMap(({ data, cuts, ping }) => {
    const isText = typeof data === "string";
    const word = isText ? `text ${data}` : `binary ${Buffer.from(data).toString("hex")}`;
    if (ping === null) return [word.trimEnd()];
    const pong = `ping ${Buffer.from(ping).toString("hex")}`.trimEnd();
    const isWhole = cut(Buffer.from(data), cuts).length === 1;
    return isWhole ? [word.trimEnd(), pong] : [pong, word.trimEnd()];
  });
}

test.each([true, false])(
  "messages in any fragments and pieces come back, masked: %s",
  (isServer) => {
    const sent = fc.array(message, { maxLength: 6 });
    const property = fc.property(sent, fc.array(fc.nat(), { maxLength: 12 }), (messages, cuts) => {
      const bytes = Buffer.concat(messages.flatMap((one) => framesOf(one, isServer)));
      expect(eventsOf(cut(bytes, cuts), { isServer })).toEqual(wordsOf(messages));
    });
    fc.assert(property, { numRuns: NUM_RUNS });
  },
);

test("whatever comes, in whatever pieces, is the same events, and no error but the protocol's", () => {
  const head = fc.constantFrom(0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x88, 0x89, 0x8a, 0xc1);
  const anyFrame = fc
    .tuple(head, fc.uint8Array({ maxLength: 140 }))
    .map(([first, body]) => frame(first, body));
  const piece = fc.oneof(
    anyFrame,
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  );
  const property = fc.property(
    fc.array(piece, { maxLength: 8 }),
    fc.array(fc.nat(), { maxLength: 8 }),
    fc.boolean(),
    (pieces, cuts, allowsCompression) => {
      const bytes = Buffer.concat(pieces);
      const options = { allowsCompression, messageBytesMax: 300, fragmentsMax: 4 };
      expect(eventsOf(cut(bytes, cuts), options)).toEqual(eventsOf([bytes], options));
    },
  );
  fc.assert(property, { numRuns: 3 * NUM_RUNS });
});

describe("applyMask", () => {
  test("is what RFC 6455 §5.3 says, for every length, alignment and phase", () => {
    const masked = fc.record({
      key,
      length: fc.nat(300),
      offset: fc.nat(9),
      start: fc.nat(9),
      phase: fc.nat(9),
    });
    const property = fc.property(masked, ({ key, length, offset, start, phase }) => {
      const memory = Buffer.from(Array.from({ length: 400 }, (_, i) => i));
      const bytes = new Uint8Array(memory.buffer, memory.byteOffset + offset, 380);
      const wanted = Uint8Array.from(bytes, (byte, i) => {
        const isIn = i >= start && i < start + length;
        return isIn ? byte ^ (key >>> (24 - 8 * ((i - start + phase) % 4))) : byte;
      });
      applyMask(bytes, start, start + length, key, phase);
      expect(Buffer.compare(bytes, wanted)).toBe(0);
    });
    fc.assert(property, { numRuns: 5 * NUM_RUNS });
  });
});

describe("Utf8Validator", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const isUtf8 = (bytes: Uint8Array): boolean => {
    try {
      decoder.decode(bytes);
      return true;
    } catch {
      return false;
    }
  };
  const judge = (bytes: Uint8Array): boolean => {
    const validator = new Utf8Validator();
    return validator.push(bytes, 0, bytes.length) && validator.isComplete;
  };

  test("agrees with TextDecoder about every sequence of one and two bytes", () => {
    const wrong: number[] = [];
    for (let n = 0; n < 65_536; n += 1) {
      const bytes = Uint8Array.of(n >> 8, n & 255);
      if (judge(bytes) !== isUtf8(bytes)) wrong.push(n);
    }
    expect(wrong).toEqual([]);
  });

  test("agrees with TextDecoder about sequences of three and four, at every border", () => {
    const leads = [
      0x41, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
    ];
    const others = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xed];
    const wrong: string[] = [];
    for (const a of leads) {
      for (const b of others) {
        for (const c of others) {
          for (const d of [...others, -1]) {
            const bytes = Uint8Array.from(d < 0 ? [a, b, c] : [a, b, c, d]);
            if (judge(bytes) !== isUtf8(bytes)) wrong.push(Buffer.from(bytes).toString("hex"));
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test("agrees with TextDecoder about mutated texts, in any pieces", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      maxLength: 2,
    });
    const cuts = fc.array(fc.nat(), { maxLength: 4 });
    const property = fc.property(anyText, changes, cuts, (text, edits, places) => {
      const bytes = Buffer.from(text);
      for (const [at, byte] of edits) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      const validator = new Utf8Validator();
      const isValid = cut(bytes, places).every((part) => validator.push(part, 0, part.length));
      expect(isValid && validator.isComplete).toBe(isUtf8(bytes));
    });
    fc.assert(property, { numRuns: 3 * NUM_RUNS });
  });
});

describe("memory", () => {
  test("a frame that announces a megabyte and sends a byte holds little", () => {
    const parser = new FrameParser({ isServer: true });
    const queue = new ByteQueue();
    queue.append(frame(0x82, Buffer.alloc(1024 * 1024)).subarray(0, 15));
    const before = process.memoryUsage().arrayBuffers;
    expect(parser.next(queue)).toBe(0);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024);
    expect(queue.length).toBe(0);
  });

  test("a long payload leaves the queue as it comes, and is copied a few times at most", () => {
    const parser = new FrameParser({ isServer: true });
    const queue = new ByteQueue();
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i * 7));
    const bytes = frame(0x82, sent);
    for (let at = 0; at < bytes.length; at += 1000) {
      queue.append(bytes.subarray(at, at + 1000));
      const event = parser.next(queue);
      expect(queue.length).toBe(0);
      if (event === MESSAGE) break;
    }
    expect(Buffer.compare(parser.payload, sent)).toBe(0);
    expect(parser.payload.buffer.byteLength).toBe(300_000);
  });

  test("messages that were given out do not change when others come", () => {
    const parser = new FrameParser({ isServer: true });
    const queue = new ByteQueue();
    const payloads: Buffer[] = [];
    for (const byte of [1, 2, 3]) {
      queue.append(frame(0x82, Buffer.alloc(100, byte)));
      expect(parser.next(queue)).toBe(MESSAGE);
      payloads.push(parser.payload);
    }
    expect(payloads.map((payload) => new Set(payload))).toEqual([
      new Set([1]),
      new Set([2]),
      new Set([3]),
    ]);
  });
});
