/**
 * Text that goes into lines: how it is cut and cleaned. A line has a length in bytes, and none may
 * become two.
 */
import { LINE_BYTES_MAX } from "./limits.js";

/** What no line may hold, whoever made it. */
const LINE_BREAKERS = /[\r\n\0]/;

/** The longest start of a text that has at most so many bytes of UTF-8 and no half character. */
export function cutBytes(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  let end = bytesMax;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end);
}

export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/**
 * A line as it may leave: not longer than IRC allows, which takes from its last parameter, and
 * without line ends. Those are caught long before; this is the last door.
 */
export function fitLine(line: string): string {
  const whole = LINE_BREAKERS.test(line) ? line.replace(/[\r\n\0]/g, " ") : line;
  return cutBytes(whole, LINE_BYTES_MAX);
}

export function hasLineBreaker(text: string): boolean {
  return LINE_BREAKERS.test(text);
}

/** Without control characters: for what is shown outside of messages, as a real name is. */
export function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, "");
}

/** Glues words together to as few texts of at most so many bytes as possible. */
export function packWords(words: Iterable<string>, bytesMax: number): string[] {
  const lines: string[] = [];
  let line = "";
  let length = 0;
  for (const word of words) {
    const more = byteLength(word);
    if (line !== "" && length + 1 + more > bytesMax) {
      lines.push(line);
      line = "";
      length = 0;
    }
    line = line === "" ? word : `${line} ${word}`;
    length += line === word ? more : more + 1;
  }
  if (line !== "") lines.push(line);
  return lines;
}
