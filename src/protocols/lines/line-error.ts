/** What the peer did wrong, as an error. */
import { LINE_TOO_LONG } from "./parser/line-parser.js";

/** "ERR_LINE_TOO_LONG", or "ERR_LINE_BAD_BYTE": a NUL, or a CR that ends nothing. */
export type LineErrorCode = "ERR_LINE_TOO_LONG" | "ERR_LINE_BAD_BYTE";

/** The peer's fault: it sent what is no line. */
export class LineError extends Error {
  override readonly name: string = "LineError";
  readonly code: LineErrorCode;

  constructor(code: LineErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** @param event of the parser, LINE_TOO_LONG or LINE_BAD_BYTE. */
export function lineErrorOf(event: number, bytesMax: number): LineError {
  return event === LINE_TOO_LONG
    ? new LineError("ERR_LINE_TOO_LONG", `The peer sent a line of more than ${bytesMax} bytes`)
    : new LineError("ERR_LINE_BAD_BYTE", "The peer sent a line with a NUL, or with a CR in it");
}
