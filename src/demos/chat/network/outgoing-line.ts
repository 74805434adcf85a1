/**
 * A line on its way to any number of peers: the bytes for each kind of connection are made once,
 * when the first of that kind asks for them.
 */
import { encodeLine } from "socket-reactor/protocols/lines";
import { encodeMessage } from "socket-reactor/protocols/websocket";

export class OutgoingLine {
  readonly text: string;
  #line: Buffer | undefined;
  #frame: Buffer | undefined;

  /** @param text without its end. */
  constructor(text: string) {
    this.text = text;
  }

  /**
   * For a stream of lines: with CR LF.
   *
   * @throws ERR_LINE_CHARACTER for a text with CR, LF or NUL: no field of a line may make two of it.
   */
  get line(): Buffer {
    this.#line ??= encodeLine(this.text);
    return this.#line;
  }

  /** For a WebSocket: a text frame, without a line end. */
  get frame(): Buffer {
    this.#frame ??= encodeMessage(this.text);
    return this.#frame;
  }
}
