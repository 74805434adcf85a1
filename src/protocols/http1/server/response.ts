/**
 * An answer as its handler sees it: status and fields until the first byte is written, then the
 * body. framed-answer.ts makes bytes of it, response-head.ts checks what goes into its head.
 *
 * The rule of the file: after the connection has gone nothing throws, for a handler cannot know.
 */
import { misuse, outOfRange, wrongType } from "../../../kernel/index.js";
import type { SendFileOptions, SocketStream } from "../../../streams/index.js";
import { byteLengthOf } from "./body-text.js";
import { FramedAnswer } from "./framed-answer.js";
import { goneError } from "./http-errors.js";
import { checkTrailer, checkValue, linesOf, ResponseFields, statusLine } from "./response-head.js";
import { statusText } from "./status-text.js";

export class HttpResponse extends FramedAnswer {
  /**
   * Sets a field, in place of any of this name. Content-Length is kept to; Connection may be "close",
   * and has the option "upgrade" wherever there is an Upgrade field.
   *
   * @throws TypeError for a name or value that cannot be in a head; RangeError for a framing that is
   *   the server's affair; Error ERR_HTTP_HEAD_SENT.
   */
  setHeader(name: string, value: string | number): this {
    this.#assertFresh();
    this.fields ??= new ResponseFields();
    this.fields.set(name, value);
    return this;
  }

  /** As `setHeader`, beside others of this name. */
  addHeader(name: string, value: string | number): this {
    this.#assertFresh();
    this.fields ??= new ResponseFields();
    this.fields.add(name, value);
    return this;
  }

  getHeader(name: string): string | undefined {
    return this.fields?.get(name);
  }

  removeHeader(name: string): this {
    this.#assertFresh();
    this.fields?.remove(name);
    return this;
  }

  /**
   * A field after the body (RFC 9110 §6.5). The answer is sent in chunks then; to an HTTP/1.0 client
   * no trailer is sent.
   *
   * @throws as `setHeader`; Error ERR_HTTP_TRAILER_FORBIDDEN for a name that must come before the
   *   body; Error ERR_HTTP_HEAD_SENT if the body is sent without chunks already.
   */
  setTrailer(name: string, value: string): this {
    checkTrailer(name, value);
    this.assertNotEnded();
    if (!this.isChunked) this.#assertFresh();
    this.trailers ??= new ResponseFields();
    this.trailers.set(name, value);
    return this;
  }

  /** Sends the head before there is a body. */
  flushHeaders(): void {
    if (!this.isHeadSent) this.sendHead();
  }

  /**
   * Sends a part of the body. The data may be changed afterwards.
   *
   * @returns false: everything was taken, but stop until `onDrain`.
   * @throws RangeError ERR_HTTP_CONTENT_LENGTH for more than was promised: nothing was sent of it;
   *   Error ERR_HTTP_RESPONSE_ENDED.
   */
  write(data: string | Uint8Array): boolean {
    checkData(data);
    this.assertNotEnded();
    if (this.isAborted) return false;
    const length = byteLengthOf(data);
    if (!this.isHeadSent) this.sendHead();
    this.writeBody(data, length);
    return this.hasRoom();
  }

  /** As `write`; resolves when there is room for more. Rejects when the connection has gone. */
  async writeAsync(data: string | Uint8Array): Promise<void> {
    if (!this.write(data)) await this.drained();
  }

  /**
   * Ends the answer, with the rest of the body. If nothing was sent before, its length is known.
   *
   * @throws as `write`; RangeError ERR_HTTP_CONTENT_LENGTH for less than was promised: the
   *   connection is destroyed then, for the peer would wait for the rest.
   */
  end(data?: string | Uint8Array): void {
    if (data !== undefined) checkData(data);
    this.assertNotEnded();
    if (this.isAborted) return;
    if (!this.isHeadSent) this.endAtOnce(data);
    else {
      if (data !== undefined) this.writeBody(data, byteLengthOf(data));
      this.endBody();
    }
    this.close();
  }

  /**
   * Sends a part of a file as the body, or as the rest of it, and ends the answer.
   *
   * @param fd an open file, which stays open until `onSent`.
   * @throws RangeError ERR_OUT_OF_RANGE; as `write`.
   */
  sendFile(fd: number, offset: number, length: number, options: SendFileOptions = {}): void {
    for (const [name, value] of Object.entries({ fd, offset, length })) {
      if (!Number.isSafeInteger(value) || value < 0) {
        throw outOfRange(name, "an integer of 0 or more", value);
      }
    }
    this.assertNotEnded();
    if (this.isAborted) {
      options.onSent?.(false);
      return;
    }
    if (this.isChunked) {
      throw misuse(Error, "ERR_HTTP_HEAD_SENT", "A file cannot be part of a body of chunks");
    }
    if (!this.isHeadSent) this.sendHead(length);
    if (this.startPart(length)) this.emitFile({ fd, offset, length, onSent: options.onSent });
    else options.onSent?.(true);
    this.close();
  }

  /** "100 Continue", at once. The server does it when the body is read; a handler may be earlier. */
  writeContinue(): void {
    this.informational(100);
  }

  /** "103 Early Hints" (RFC 8297) with such Link fields. */
  writeEarlyHints(links: Iterable<string>): void {
    this.informational(
      103,
      Array.from(links, (link): [string, string] => ["Link", link]),
    );
  }

  /** An interim answer. Nothing is sent to an HTTP/1.0 client. @param status 100 or 102 to 199. */
  informational(status: number, headers: Iterable<readonly [string, string]> = []): void {
    if (!Number.isInteger(status) || status < 100 || status > 199 || status === 101) {
      throw outOfRange("status", "100, or an integer from 102 to 199", status);
    }
    this.#assertFresh();
    const head = statusLine(status, undefined) + linesOf(headers);
    if (!this.isOld && !this.isAborted) this.emitBytes(Buffer.from(`${head}\r\n`, "latin1"));
  }

  /**
   * Answers 101 and hands the connection over: the stream is the caller's, with what the peer has
   * sent already in `stream.input`. Set `stream.handler` before anything is awaited: in the next
   * turn that input is delivered, and with no handler it stays where it is, with an end that nobody
   * hears. The server forgets the stream: its deadlines, `close` and `drain` do not touch it, though
   * a listener's `connectionsMax` counts it.
   *
   * @param protocol the one chosen of `request.upgrade`.
   * @throws Error ERR_HTTP_NO_UPGRADE if the request did not ask for one, or its body has not come
   *   whole; Error ERR_HTTP_PEER_GONE if the peer has ended its side or is gone, which a handler may
   *   let pass: the connection is ended then.
   */
  upgrade(protocol: string, headers: Iterable<readonly [string, string]> = []): SocketStream {
    checkValue("protocol", protocol);
    this.#assertFresh();
    const { request } = this;
    if (this.isAborted || this.channel.isPeerEnded) throw goneError();
    if (request?.upgrade === undefined || !request.isComplete || !this.isFront) {
      throw misuse(Error, "ERR_HTTP_NO_UPGRADE", "The request does not ask for another protocol");
    }
    const lines = `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n${linesOf(headers)}`;
    this.emitBytes(Buffer.from(`${statusLine(101, undefined)}${lines}\r\n`, "latin1"));
    this.leave();
    request.keep(); // its bytes may be the input's, which is the caller's now
    return this.channel.handOver(this);
  }

  /** Ends the connection now; what was not sent is dropped. */
  destroy(error?: Error): void {
    this.channel.stream.destroy(error);
  }

  /**
   * For the server: an error instead of the handler's answer. What the handler still writes is
   * dropped. @param closes ends the connection behind it.
   */
  refuse(status: number, cause: Error, closes: boolean, allow?: string): void {
    this.forget();
    this.status = status;
    this.statusText = undefined;
    this.trailers = undefined;
    this.fields = new ResponseFields();
    this.fields.closes = closes;
    this.fields.set("Content-Type", "text/plain");
    if (allow !== undefined) this.fields.set("Allow", allow);
    this.end(`${statusText(status)}\n`);
    this.silence(cause);
  }

  #assertFresh(): void {
    this.assertNotEnded();
    if (!this.isHeadSent || this.isAborted) return;
    throw misuse(Error, "ERR_HTTP_HEAD_SENT", "The head of the response was sent already");
  }
}

function checkData(data: string | Uint8Array): void {
  if (typeof data === "string" || data instanceof Uint8Array) return;
  throw wrongType("data", "a string or a Uint8Array", data);
}
