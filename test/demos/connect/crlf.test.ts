/** LF becomes CR LF, wherever the chunks are cut. */
import { expect, test } from "vitest";
import { crlfTranslator } from "../../../src/demos/connect/crlf.js";

const TEXT = "\na\n\nb\r\nc\rd\r\r\n\xff\n";
const TRANSLATED = "\r\na\r\n\r\nb\r\nc\rd\r\r\n\xff\r\n";

test("each LF without a CR gets one, at every two cuts of the input", () => {
  const bytes = Buffer.from(TEXT, "latin1");
  for (let first = 0; first <= bytes.length; first += 1) {
    for (let second = first; second <= bytes.length; second += 1) {
      const translate = crlfTranslator();
      const parts = [
        bytes.subarray(0, first),
        bytes.subarray(first, second),
        bytes.subarray(second),
      ];
      const text = Buffer.concat(parts.map(translate)).toString("latin1");
      expect(text, `cut at ${first} and ${second}`).toBe(TRANSLATED);
    }
  }
});

test("a chunk without LF is passed on as it is", () => {
  const chunk = Buffer.from("GET /");
  expect(crlfTranslator()(chunk)).toBe(chunk);
});
