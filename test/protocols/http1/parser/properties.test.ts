/** What holds for any bytes: nothing but HttpParseError is thrown, and splits make no difference. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { REQUESTS, RESPONSES } from "./mutations.js";
import { bytesOf, requestEvents, responseEvents } from "./support.js";

const parts = fc.array(
  fc.oneof(
    fc.constantFrom(...REQUESTS, ...RESPONSES, "\r\n", "\n", ": ", " ", "0", ";", "a", "\0"),
    fc.constantFrom("GET / HTTP/1.1\r\nHost: a\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\n"),
    fc.constantFrom("Transfer-Encoding: chunked\r\n", "Content-Length: 3\r\n", "5\r\nhello\r\n"),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  ),
  { maxLength: 8 },
);
const limits = fc.record({
  targetBytesMax: fc.integer({ min: 1, max: 100 }),
  headBytesMax: fc.integer({ min: 1, max: 400 }),
  fieldsMax: fc.integer({ min: 0, max: 20 }),
  bodyBytesMax: fc.integer({ min: 0, max: 30 }),
  chunkExtensionBytesMax: fc.integer({ min: 0, max: 5 }),
});
const feeding = fc.constantFrom("append" as const, "lend" as const);

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length];
  places.sort((a, b) => a - b);
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

test.each([
  ["requests", (pieces: Uint8Array[], run: object) => requestEvents(pieces, run)],
  [
    "responses",
    (pieces: Uint8Array[], run: object) => responseEvents(pieces, ["GET", "HEAD"], run),
  ],
])(
  "%s: any bytes in any pieces under any limits give the same events as the whole",
  (_, events) => {
    const cuts = fc.array(fc.nat(2000), { maxLength: 6 });
    fc.assert(
      fc.property(
        parts,
        limits,
        cuts,
        feeding,
        fc.boolean(),
        (texts, some, places, how, isStrict) => {
          const bytes = bytesOf(texts.join(""));
          const run = isStrict ? { limits: some } : {};
          // Whatever else the parser threw would leave by here.
          const whole = events([bytes], run);
          expect(events(split(bytes, places), { ...run, feeding: how, step: 3 })).toEqual(whole);
        },
      ),
      { numRuns: 1500 },
    );
  },
);
