/**
 * RFC 6455 §5 and §7 as a table: frames, and what they mean. It covers what Autobahn's suite does in
 * its chapters 1 to 7 and 9; each case runs whole, in two pieces at every place, and byte by byte.
 */
import { describe, expect, test } from "vitest";
import { type FrameParserOptions, isCloseCode } from "../../../src/protocols/websocket/index.js";
import { bytewise, closeBody, eventsOf, frame } from "./support.js";

type Case = readonly [
  name: string,
  frames: readonly Uint8Array[],
  events: readonly string[],
  options?: Partial<FrameParserOptions>,
];

const CLIENT: Partial<FrameParserOptions> = { isServer: false };
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const run = (n: number, byte = 0x2a): Buffer => Buffer.alloc(n, byte);

const EXAMPLES: readonly Case[] = [
  ["an unmasked text", [hex("81 05 48 65 6c 6c 6f")], ["text Hello"], CLIENT],
  ["a masked text", [hex("81 85 37 fa 21 3d 7f 9f 4d 51 58")], ["text Hello"]],
  [
    "a fragmented unmasked text",
    [hex("01 03 48 65 6c"), hex("80 02 6c 6f")],
    ["text Hello"],
    CLIENT,
  ],
  ["an unmasked ping", [hex("89 05 48 65 6c 6c 6f")], ["ping 48656c6c6f"], CLIENT],
  ["a masked pong", [hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58")], ["pong 48656c6c6f"]],
  ["256 bytes, unmasked", [hex("82 7e 01 00"), run(256)], [`binary ${"2a".repeat(256)}`], CLIENT],
];

const LENGTHS: readonly Case[] = [0, 1, 125, 126, 127, 128, 200].flatMap((n): Case[] => [
  [`a text of ${n} bytes`, [frame(0x81, "*".repeat(n))], [`text ${"*".repeat(n)}`.trimEnd()]],
  [`binary of ${n} bytes`, [frame(0x82, run(n))], [`binary ${"2a".repeat(n)}`.trimEnd()]],
]);

const WRONG_LENGTHS: readonly Case[] = [
  ["5 in two bytes", [frame(0x81, "Hello", { lengthCode: 16 })], ["error 1002"]],
  ["5 in eight bytes", [frame(0x81, "Hello", { lengthCode: 64 })], ["error 1002"]],
  ["300 in eight bytes", [frame(0x82, run(300), { lengthCode: 64 })], ["error 1002"]],
  ["2^63", [hex("82 ff 80 00 00 00 00 00 00 00 01 02 03 04")], ["error 1002"]],
  ["2^63 - 1", [hex("82 ff 7f ff ff ff ff ff ff ff 01 02 03 04")], ["error 1009"]],
];

const CONTROL: readonly Case[] = [
  ["an empty ping", [frame(0x89)], ["ping"]],
  ["a ping of 125 bytes", [frame(0x89, run(125))], [`ping ${"2a".repeat(125)}`]],
  ["a ping of bytes that are no text", [frame(0x89, hex("00fffefd"))], ["ping 00fffefd"]],
  ["a ping of 126 bytes", [frame(0x89, run(126))], ["error 1002"]],
  ["a pong nobody asked for", [frame(0x8a, "x"), frame(0x89)], ["pong 78", "ping"]],
  ["a pong of 126 bytes", [frame(0x8a, run(126))], ["error 1002"]],
  ["a close of 126 bytes", [frame(0x88, closeBody(1000, run(124)))], ["error 1002"]],
  ["a fragmented ping", [frame(0x09, "x"), frame(0x80, "y")], ["error 1002"]],
  ["a fragmented close", [frame(0x08)], ["error 1002"]],
  ["ten pings", Array.from({ length: 10 }, () => frame(0x89)), Array(10).fill("ping")],
];

const RESERVED: readonly Case[] = [
  ...[0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70].flatMap((bits): Case[] => [
    [`bits ${bits.toString(16)} on a text`, [frame(0x81 | bits, "x")], ["error 1002"]],
    [`bits ${bits.toString(16)} on a ping`, [frame(0x89 | bits)], ["error 1002"]],
    [`bits ${bits.toString(16)} on a close`, [frame(0x88 | bits)], ["error 1002"]],
  ]),
  ["after a good message", [frame(0x81, "a"), frame(0xa1, "b")], ["text a", "error 1002"]],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode): Case => [`opcode ${opcode}`, [frame(0x80 | opcode)], ["error 1002"]],
  ),
];

const MASKS: readonly Case[] = [
  ["an unmasked frame to a server", [frame(0x81, "x", { masked: false })], ["error 1002"]],
  ["an unmasked empty ping to a server", [frame(0x89, "", { masked: false })], ["error 1002"]],
  ["a masked frame to a client", [frame(0x81, "x")], ["error 1002"], CLIENT],
  ["a mask of zeros", [frame(0x81, "Hello", { key: [0, 0, 0, 0] })], ["text Hello"]],
  ["a mask of ones", [frame(0x81, "Hello", { key: [255, 255, 255, 255] })], ["text Hello"]],
];

const FRAGMENTS: readonly Case[] = [
  ["two fragments", [frame(0x01, "frag"), frame(0x80, "ment")], ["text fragment"]],
  ["three of bytes", [frame(0x02, "a"), frame(0x00, "b"), frame(0x80, "c")], ["binary 616263"]],
  ["empty ones", [frame(0x01), frame(0x00), frame(0x80)], ["text"]],
  ["an empty one in between", [frame(0x01, "a"), frame(0x00), frame(0x80, "b")], ["text ab"]],
  ["two messages", [frame(0x01, "a"), frame(0x80), frame(0x81, "b")], ["text a", "text b"]],
  [
    "with control frames in between",
    [frame(0x01, "a"), frame(0x89, "1"), frame(0x00, "b"), frame(0x8a, "2"), frame(0x80, "c")],
    ["ping 31", "pong 32", "text abc"],
  ],
  ["with a close in between", [frame(0x01, "a"), frame(0x88), frame(0x80)], ["close 1005"]],
  ["a continuation of nothing", [frame(0x80, "x")], ["error 1002"]],
  ["a continuation of nothing, not the last", [frame(0x00, "x")], ["error 1002"]],
  [
    "a continuation after a whole message",
    [frame(0x81, "a"), frame(0x80, "b")],
    ["text a", "error 1002"],
  ],
  ["a text within a text", [frame(0x01, "a"), frame(0x81, "b")], ["error 1002"]],
  ["bytes within a text", [frame(0x01, "a"), frame(0x02, "b")], ["error 1002"]],
  [
    "the second message of two is not begun anew",
    [frame(0x01, "a"), frame(0x80, "b"), frame(0x00, "c")],
    ["text ab", "error 1002"],
  ],
];

const KOSME = "κόσμε";
const valid = (name: string, text: string): Case => [name, [frame(0x81, text)], [`text ${text}`]];
const invalid = (bytes: string): Case => [bytes, [frame(0x81, hex(bytes))], ["error 1007"]];

const UTF8: readonly Case[] = [
  valid("greek", KOSME),
  valid("German, Japanese, an emoji", "Größe 日本語 🎉"),
  valid("NUL and DEL", "\0\x7f"),
  valid("the first of each length", "\u0080\u0800\u{10000}"),
  valid("the last of each length", "\x7f\u07ff\uffff\u{10ffff}"),
  valid("beside the surrogates", "\ud7ff\ue000\ufffd"),
  valid("noncharacters", "\ufffe\uffff\u{1fffe}\u{10fffe}"),
  ["a character in two fragments", [frame(0x01, hex("ce")), frame(0x80, hex("ba"))], ["text κ"]],
  [
    "a character over a ping",
    [frame(0x01, hex("f09f")), frame(0x89), frame(0x00, hex("8e")), frame(0x80, hex("89"))],
    ["ping", "text 🎉"],
  ],
  [
    "a character that the message does not end",
    [frame(0x01, "a"), frame(0x80, hex("ce"))],
    ["error 1007"],
  ],
  ["the next message starts anew", [frame(0x81, "ä"), frame(0x81, "a")], ["text ä", "text a"]],
  ["bytes are not looked at", [frame(0x82, hex("ff"))], ["binary ff"]],
  ...[
    "80",
    "bf",
    "c0 af",
    "c1 bf",
    "c2",
    "c2 41",
    "e0 80 af",
    "e0 9f bf",
    "e1 80",
    "ed a0 80",
    "ed ad bf",
    "ed bf bf",
    "ed a0 80 ed b0 80",
    "f0 80 80 af",
    "f0 8f bf bf",
    "f4 90 80 80",
    "f5 80 80 80",
    "f8 88 80 80 80",
    "fc 84 80 80 80 80",
    "fe",
    "ff",
    "ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80 65 64 69 74 65 64",
  ].map(invalid),
];

const CLOSES: readonly Case[] = [
  ["without a body", [frame(0x88)], ["close 1005"]],
  ["of one byte", [frame(0x88, "x")], ["error 1002"]],
  ["with a code", [frame(0x88, closeBody(1000))], ["close 1000"]],
  ["with a reason", [frame(0x88, closeBody(1001, "bye"))], ["close 1001 bye"]],
  [
    "with a reason of 123 bytes",
    [frame(0x88, closeBody(1000, "*".repeat(123)))],
    [`close 1000 ${"*".repeat(123)}`],
  ],
  ["with a reason that is no UTF-8", [frame(0x88, closeBody(1000, hex("ceff")))], ["error 1007"]],
  ["with half a character", [frame(0x88, closeBody(1000, hex("ce")))], ["error 1007"]],
  ["a reason in Greek", [frame(0x88, closeBody(3000, KOSME))], [`close 3000 ${KOSME}`]],
  ["what follows is not looked at", [frame(0x88), frame(0x81, "x"), run(50, 255)], ["close 1005"]],
  ["twice", [frame(0x88), frame(0x88)], ["close 1005"]],
  ["after a message", [frame(0x81, "x"), frame(0x88)], ["text x", "close 1005"]],
  ...[
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ].map((code): Case => [`code ${code}`, [frame(0x88, closeBody(code))], [`close ${code}`]]),
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): Case => [`code ${code}`, [frame(0x88, closeBody(code))], ["error 1002"]],
  ),
];

const SMALL = { messageBytesMax: 10, fragmentsMax: 3 };
const LIMITS: readonly Case[] = [
  ["as long as it may be", [frame(0x81, "0123456789")], ["text 0123456789"], SMALL],
  ["a byte too long", [frame(0x81, "0123456789x")], ["error 1009"], SMALL],
  [
    "in fragments, as long as it may be",
    [frame(0x01, "01234"), frame(0x00, "56789"), frame(0x80)],
    ["text 0123456789"],
    SMALL,
  ],
  [
    "in fragments, a byte too long",
    [frame(0x01, "01234"), frame(0x80, "56789x")],
    ["error 1009"],
    SMALL,
  ],
  [
    "one after the other",
    [frame(0x82, run(10)), frame(0x82, run(10))],
    [`binary ${"2a".repeat(10)}`, `binary ${"2a".repeat(10)}`],
    SMALL,
  ],
  [
    "too many fragments",
    [frame(0x01), frame(0x00), frame(0x00), frame(0x80)],
    ["error 1009"],
    SMALL,
  ],
  ["as many as there may be", [frame(0x01), frame(0x00), frame(0x80)], ["text"], SMALL],
  [
    "control frames do not count",
    [frame(0x01), ...Array(9).fill(frame(0x89)), frame(0x80)],
    [...Array(9).fill("ping"), "text"],
    SMALL,
  ],
  ["a frame too long", [frame(0x82, run(6))], ["error 1009"], { frameBytesMax: 5 }],
  [
    "frames as long as they may be",
    [frame(0x02, run(2)), frame(0x80, run(2))],
    ["binary 2a2a2a2a"],
    { frameBytesMax: 2 },
  ],
];

const DEFLATE = { allowsCompression: true };
const COMPRESSED: readonly Case[] = [
  ["is told as it is", [frame(0xc1, hex("f248cdc9c90700"))], ["text* f248cdc9c90700"], DEFLATE],
  [
    "in fragments, marked on the first",
    [frame(0x41, hex("f248cd")), frame(0x80, hex("c9c90700"))],
    ["text* f248cdc9c90700"],
    DEFLATE,
  ],
  ["marked on a continuation", [frame(0x41, "x"), frame(0xc0, "y")], ["error 1002"], DEFLATE],
  ["a ping is never", [frame(0xc9, "x")], ["error 1002"], DEFLATE],
  ["RSV2 is still reserved", [frame(0xa1, "x")], ["error 1002"], DEFLATE],
  [
    "beside one that is not",
    [frame(0xc2, "x"), frame(0x81, "y")],
    ["binary* 78", "text y"],
    DEFLATE,
  ],
  ["is not validated as it comes", [frame(0xc1, hex("ff"))], ["text* ff"], DEFLATE],
];

describe.each([
  ["the examples of RFC 6455 §5.7", EXAMPLES],
  ["lengths", LENGTHS],
  ["wrong lengths", WRONG_LENGTHS],
  ["control frames", CONTROL],
  ["reserved bits and opcodes", RESERVED],
  ["masks", MASKS],
  ["fragments", FRAGMENTS],
  ["UTF-8", UTF8],
  ["a close frame", CLOSES],
  ["limits: a message", LIMITS],
  ["a compressed message", COMPRESSED],
] as const)("%s", (_title, cases) => {
  const rows = cases.map((row) => [row[0], row] as const);
  test.each(rows)("%s", (_name, [, frames, events, options]) => {
    const bytes = Buffer.concat(frames);
    expect(eventsOf([bytes], options)).toEqual(events);
    expect(eventsOf(bytewise(bytes), options)).toEqual(events);
    for (let at = 1; at < bytes.length; at += 1) {
      const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
      if (`${eventsOf(pieces, options)}` === `${events}`) continue;
      expect.unreachable(`Split at ${at}: ${eventsOf(pieces, options)}`);
    }
  });
});

describe("fail fast: an error is told at the byte that makes it one", () => {
  const CASES: readonly [string, Buffer, number, number][] = [
    // The first byte of three is not ASCII, the second is wrong; the frame goes on.
    ["a text that is no UTF-8", frame(0x81, hex("61 62 ed a0 80 61 61 61")), 2 + 4 + 4, 1007],
    ["the same in a fragment", frame(0x01, hex("61 f4 90 80 80 61")), 2 + 4 + 3, 1007],
    ["a reserved opcode", frame(0x83, "Hello"), 2, 1002],
    ["a long ping", frame(0x89, run(126)), 2, 1002],
    ["an unmasked frame", frame(0x81, "x", { masked: false }), 2, 1002],
    ["a length beyond the limit", frame(0x82, run(70_000)), 14, 1009],
  ];
  test.each(CASES)("%s", (_name, bytes, needed, code) => {
    const options = { messageBytesMax: 65_536 };
    expect(eventsOf([bytes.subarray(0, needed - 1)], options)).toEqual([]);
    expect(eventsOf([bytes.subarray(0, needed)], options)).toEqual([`error ${code}`]);
  });
});

test("every code from 0 to 65,535 is sent and taken by one rule", () => {
  const codes = Array.from({ length: 65_536 }, (_, code) => code).filter(isCloseCode);
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i);
  expect(codes).toEqual([...range(1000, 1003), ...range(1007, 1014), ...range(3000, 4999)]);
});
