/**
 * How an answer is framed (RFC 9112 §6.3): by the length of one that is ended at once or that was
 * promised, in chunks if it is not known, by the connection's end for an HTTP/1.0 client. The head
 * is made here, in as few pieces of text as possible. answer-output.ts says where the bytes go;
 * response.ts is what a handler sees.
 */
import { misuse } from "../../../kernel/index.js";
import { AnswerOutput } from "./answer-output.js";
import { byteLengthOf, chunkStart } from "./body-text.js";
import type { AnswerChannel } from "./channel.js";
import type { HttpRequest } from "./request.js";
import { checkStatus, checkValue, type ResponseFields, statusLine } from "./response-head.js";

/** How far it is. */
const FRESH = 0;
const STREAMING = 1;
const ENDED = 2;

/** How its body ends. */
const BY_LENGTH = 0;
const BY_CHUNKS = 1;
const BY_CLOSE = 2;
const NO_BODY = 3;

/** For `sendHead`: the body's length is not known. */
const UNKNOWN = -1;
/** Nor is there anything to be said about it: an answer to HEAD without a body. */
const UNSAID = -2;

/** Of a request, what its answer depends on. */
export interface AnswerTraits {
  readonly method: string;
  readonly minorVersion: 0 | 1;
  readonly keepAlive: boolean;
}

export abstract class FramedAnswer extends AnswerOutput {
  /** 200 to 599; read when the head is sent. */
  status = 200;
  /** @defaultValue the registered name of the status */
  statusText: string | undefined = undefined;
  /** Undefined if there was no request to be understood. */
  readonly request: HttpRequest | undefined;
  readonly keepAlive: boolean;
  protected fields: ResponseFields | undefined = undefined;
  protected trailers: ResponseFields | undefined = undefined;
  protected readonly isOld: boolean;
  readonly #isHead: boolean;
  #state = FRESH;
  #framing = BY_LENGTH;
  /** Bytes of the promised length that are still to come. */
  #left = 0;

  constructor(channel: AnswerChannel, request: HttpRequest | undefined, traits: AnswerTraits) {
    super(channel);
    this.request = request;
    this.keepAlive = traits.keepAlive;
    this.#isHead = traits.method === "HEAD";
    this.isOld = traits.minorVersion === 0;
  }

  get isHeadSent(): boolean {
    return this.#state !== FRESH;
  }

  get isEnded(): boolean {
    return this.#state === ENDED;
  }

  protected get isChunked(): boolean {
    return this.#state === FRESH ? this.trailers !== undefined : this.#framing === BY_CHUNKS;
  }

  peerEnded(error: Error): void {
    this.request?.signalAbort(error);
  }

  protected aborted(error: Error): void {
    this.#state = ENDED;
    this.request?.aborted(error);
  }

  /** Head and body, all of it. */
  protected endAtOnce(data: string | Uint8Array | undefined): void {
    if (typeof data === "string" && this.#isPlain && !this.channel.mustClose(this)) {
      const start = `${this.channel.dates.okPrefix}${byteLengthOf(data)}\r\n`;
      const lines = this.fields?.lines() ?? "";
      this.#state = STREAMING;
      this.emitText(`${start}${lines}\r\n${data}`);
      return;
    }
    if (data === undefined) this.sendHead(this.#isHead ? UNSAID : 0);
    else if (typeof data === "string") this.sendHead(byteLengthOf(data), data);
    else {
      this.sendHead(data.length);
      this.writeBody(data, data.length);
    }
    this.endBody();
  }

  /** @param length of the whole body; UNKNOWN. @param text the whole body, if it is text. */
  protected sendHead(length: number = UNKNOWN, text = ""): void {
    checkStatus(this.status);
    const isAsciiText = this.statusText === undefined || checkValue("statusText", this.statusText);
    const { fields } = this;
    const framing = this.#frame(length);
    const closes =
      this.#framing === BY_CLOSE || fields?.closes === true || this.channel.mustClose(this);
    let head = this.#firstLines() + framing;
    if (fields !== undefined) head += fields.lines();
    if (fields?.hasUpgrade === true) head += "Connection: upgrade\r\n";
    if (closes) head += "Connection: close\r\n\r\n";
    else head += this.isOld ? "Connection: keep-alive\r\n\r\n" : "\r\n";
    this.isLast = closes;
    this.#state = STREAMING;
    const isAscii = isAsciiText && fields?.isAscii !== false;
    if (isAscii && text !== "" && this.#framing === BY_LENGTH) {
      this.#left = 0;
      this.emitText(head + text);
      return;
    }
    if (isAscii) this.emitText(head);
    else this.emitBytes(Buffer.from(head, "latin1"));
    if (text !== "") this.writeBody(text, length);
  }

  protected writeBody(data: string | Uint8Array, length: number): void {
    if (length === 0 || this.#framing === NO_BODY) return;
    this.startPart(length);
    if (this.#framing !== BY_CHUNKS) this.emit(data);
    else if (typeof data === "string") this.emitText(`${chunkStart(length)}${data}\r\n`);
    else {
      this.emitText(chunkStart(length));
      this.emitBytes(data);
      this.emitText("\r\n");
    }
  }

  /**
   * So many bytes are about to be sent.
   *
   * @returns false: the answer has no body, to HEAD for instance.
   * @throws RangeError ERR_HTTP_CONTENT_LENGTH
   */
  protected startPart(length: number): boolean {
    if (this.#framing === BY_LENGTH) {
      if (length > this.#left) throw lengthError(this.#left, length);
      this.#left -= length;
    }
    return this.#framing !== NO_BODY;
  }

  protected endBody(): void {
    if (this.#framing !== BY_CHUNKS) return;
    const { trailers } = this;
    if (trailers === undefined) this.emitText("0\r\n\r\n");
    else this.emitBytes(Buffer.from(`0\r\n${trailers.lines()}\r\n`, "latin1"));
  }

  /** The last step. @throws RangeError ERR_HTTP_CONTENT_LENGTH; the connection is destroyed. */
  protected close(): void {
    if (this.#left > 0) {
      const error = lengthError(this.#left, 0);
      this.channel.stream.destroy(error);
      throw error;
    }
    this.#state = ENDED;
    this.channel.ended(this);
  }

  /** 101 was sent: there is nothing more to say. */
  protected leave(): void {
    this.#state = ENDED;
  }

  /** A 200 whose head needs no decision but the length of its body. */
  get #isPlain(): boolean {
    return (
      this.status === 200 &&
      this.fields?.isPlain !== false &&
      this.trailers === undefined &&
      this.statusText === undefined &&
      !this.#isHead &&
      !this.isOld
    );
  }

  #firstLines(): string {
    const { dates } = this.channel;
    const hasDate = this.fields?.hasDate === true;
    if (this.status === 200 && this.statusText === undefined && !hasDate) return dates.okLines;
    return statusLine(this.status, this.statusText) + (hasDate ? dates.serverLine : dates.line);
  }

  /** Decides, and says it in a field. */
  #frame(length: number): string {
    const { status } = this;
    const promised = this.fields?.contentLength ?? UNKNOWN;
    const isBare = status === 204 || status === 304;
    const isWhole = length > 0 || (length === 0 && !isBare);
    if (promised >= 0 && isWhole && length !== promised) throw lengthError(promised, length);
    this.#left = 0;
    this.#framing = isBare || this.#isHead ? NO_BODY : BY_LENGTH;
    if (status === 204) return "";
    if (this.trailers !== undefined && !this.isOld && !isBare) return this.#frameChunks();
    const known = promised >= 0 ? promised : isBare ? UNSAID : length;
    if (known >= 0) {
      if (!this.#isHead && !isBare) this.#left = known;
      return `Content-Length: ${known}\r\n`;
    }
    if (known === UNSAID) return "";
    if (!this.isOld) return this.#frameChunks();
    if (!this.#isHead) this.#framing = BY_CLOSE;
    return "";
  }

  #frameChunks(): string {
    if (!this.#isHead) this.#framing = BY_CHUNKS;
    const names = this.trailers?.names() ?? "";
    return `Transfer-Encoding: chunked\r\n${names === "" ? "" : `Trailer: ${names}\r\n`}`;
  }
}

function lengthError(promised: number, found: number): Error {
  return misuse(
    RangeError,
    "ERR_HTTP_CONTENT_LENGTH",
    `The body has ${found} bytes where its Content-Length leaves ${promised}`,
  );
}
