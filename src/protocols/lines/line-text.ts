/** What may be sent as a line, and its bytes. */
import { misuse, wrongType } from "../../kernel/index.js";

const BREAKING = /[\r\n\0]/;

/**
 * The line if it is one: text without CR, LF and NUL. With one of them a part of it would be a line
 * of its own to the peer, which is how commands are smuggled into what somebody else wrote.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE; RangeError ERR_LINE_CHARACTER
 */
export function checkLine(line: string): string {
  if (typeof line !== "string") throw wrongType("line", "a string", line);
  if (!BREAKING.test(line)) return line;
  throw misuse(
    RangeError,
    "ERR_LINE_CHARACTER",
    `The line must not hold a CR, LF or NUL: ${JSON.stringify(line.slice(0, 100))}`,
  );
}

/**
 * The bytes of a line with its CR LF: for a line that goes to many, encoded once, with
 * `lines.stream.write(bytes)`.
 *
 * @throws as `LineStream.write`.
 */
export function encodeLine(line: string): Buffer {
  return Buffer.from(`${checkLine(line)}\r\n`);
}
