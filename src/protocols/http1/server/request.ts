/**
 * A request as its handler sees it. The head's bytes are lent, see the parser's RequestHead: what is
 * asked of them is read when asked. A handler that answers before it returns costs no copy; for any
 * other the connection keeps the head when the handler returns.
 *
 * The rule of the file: it knows its connection by `RequestChannel` alone.
 */
import { misuse, wrongType } from "../../../kernel/index.js";
import type { Address } from "../../../sockets/index.js";
import type { SocketStream } from "../../../streams/index.js";
import type { Fields, RequestHead } from "../parser/index.js";
import type { RequestChannel } from "./channel.js";
import { HttpRequestError } from "./http-errors.js";
import { BodyCollector, BodyIterator, type BodyReader } from "./request-body.js";

export class HttpRequest {
  #channel: RequestChannel;
  #head: RequestHead | undefined;
  #reader: BodyReader<HttpRequest> | undefined;
  /** Why the body will not come whole. */
  #error: Error | undefined;
  /** Why the answer will not be read. */
  #gone: Error | undefined;
  #abort: AbortController | undefined;
  #trailers: Fields | undefined;
  #isComplete: boolean;
  #isDropped = false;
  #isPaused = false;
  #isKept = false;

  /** The server makes it. */
  constructor(channel: RequestChannel, head: RequestHead) {
    this.#channel = channel;
    this.#head = head;
    this.#isComplete = !head.hasBody;
  }

  get method(): string {
    return this.headers.method;
  }

  /** As it was sent. */
  get target(): string {
    return this.headers.target;
  }

  /** The target's path without its query, not decoded. */
  get path(): string {
    return this.headers.path;
  }

  /** What stands after "?"; "" if nothing does. */
  get query(): string {
    return this.headers.query;
  }

  get host(): string {
    return this.headers.host;
  }

  get minorVersion(): 0 | 1 {
    return this.headers.minorVersion;
  }

  /** In bytes; -1 if none was said. */
  get contentLength(): number {
    return this.headers.contentLength;
  }

  /** The protocols of an Upgrade field, if the request asks for one (RFC 9110 §7.8). */
  get upgrade(): string | undefined {
    return this.headers.upgrade;
  }

  /**
   * The fields, and what else the head says.
   *
   * @throws Error ERR_HTTP_REQUEST_OVER after a handler answered and returned; see `keep`.
   */
  get headers(): RequestHead {
    if (this.#head !== undefined) return this.#head;
    throw misuse(
      Error,
      "ERR_HTTP_REQUEST_OVER",
      "The request is answered and its handler has returned: call keep() before to read it later",
    );
  }

  /** Case-insensitive; several fields are joined with ", ". */
  get(name: string): string | undefined {
    return this.headers.get(name);
  }

  getAll(name: string): string[] {
    return this.headers.getAll(name);
  }

  has(name: string): boolean {
    return this.headers.has(name);
  }

  /**
   * Copies the head, so that it can be read after a handler that answered at once has returned. For
   * a handler that is not done when it returns the server does it.
   */
  keep(): this {
    if (!this.#isKept) this.headers.keep();
    this.#isKept = true;
    return this;
  }

  get stream(): SocketStream {
    return this.#channel.stream;
  }

  /** Undefined once the connection has gone. */
  get remoteAddress(): Address | undefined {
    const { socket } = this.#channel.stream;
    return socket.isClosed ? undefined : socket.remoteAddress;
  }

  /** The body has come whole; true for a request without one. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** After the body, if it had any. */
  get trailers(): Fields | undefined {
    return this.#trailers;
  }

  /**
   * Aborted when the answer cannot be sent any more, or will likely not be read: the connection
   * failed, or the peer has ended its side. Half-closed, a peer may still read: an answer is sent.
   */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#gone !== undefined) this.#abort.abort(this.#gone);
    }
    return this.#abort.signal;
  }

  /**
   * Reads the body through callbacks. One way of reading at a time; what has been read is gone.
   *
   * @throws Error ERR_HTTP_BODY_USED if it is being read already, or was dropped.
   */
  read(reader: BodyReader<HttpRequest>): void {
    if (typeof reader?.onData !== "function") throw wrongType("reader", "a BodyReader", reader);
    this.#attach(reader);
  }

  /** Reads no more until `resume`; the peer is made to wait by TCP. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#channel.bodyWanted();
  }

  /**
   * All of the body. At most the server's `bodyBytesMax`: the peer has got 413 for more.
   *
   * @throws HttpRequestError, or the parser's HttpParseError, for a body that did not come whole.
   */
  async bytes(): Promise<Buffer> {
    this.stream.reactor.assertNotBlocking("A promise");
    if (this.#isComplete && this.#reader === undefined && !this.#isDropped) return Buffer.alloc(0);
    const collector = new BodyCollector();
    this.#attach(collector);
    return collector.promise;
  }

  /** As `bytes`, decoded from UTF-8. */
  async text(): Promise<string> {
    return (await this.bytes()).toString();
  }

  /** As `text`, parsed. @throws HttpRequestError ERR_HTTP_INVALID_JSON with status 400. */
  async json(): Promise<unknown> {
    const text = await this.text();
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new HttpRequestError("ERR_HTTP_INVALID_JSON", 400, `The body: ${error}`);
    }
  }

  /** The body in chunks as they come, read no faster than the loop goes. */
  get body(): AsyncIterable<Buffer> {
    return { [Symbol.asyncIterator]: () => this.#iterate() };
  }

  #iterate(): AsyncIterator<Buffer, undefined> {
    this.stream.reactor.assertNotBlocking("Async iteration");
    const iterator = new BodyIterator(this);
    if (this.#isComplete && this.#reader === undefined) iterator.onEnd();
    else {
      this.#isPaused = true;
      this.#attach(iterator as BodyReader<HttpRequest>);
    }
    return iterator;
  }

  /** The rest of the body is not wanted: it is dropped as it comes, up to a limit. */
  dropBody(): void {
    this.#isDropped = true;
    this.#isPaused = false;
    this.#channel.bodyWanted();
  }

  #attach(reader: BodyReader<HttpRequest>): void {
    if (this.#reader !== undefined || this.#isDropped) {
      throw misuse(Error, "ERR_HTTP_BODY_USED", "The body is being read, or was dropped");
    }
    this.#reader = reader;
    if (this.#error !== undefined || this.#isComplete) {
      this.stream.reactor.deferPlain(() => this.#tellEnd());
      return;
    }
    this.#channel.sendContinue();
    this.#channel.bodyWanted();
  }

  #tellEnd(): void {
    if (this.#error !== undefined) this.#reader?.onAbort?.(this, this.#error);
    else this.#reader?.onEnd?.(this);
  }

  // What the connection calls.

  /** Who reads; undefined: nobody, or nobody any more. */
  get reader(): BodyReader<HttpRequest> | undefined {
    return this.#isDropped ? undefined : this.#reader;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** Its answer has ended and nobody reads it: nobody will. */
  drop(): void {
    this.#isDropped = true;
    this.#isPaused = false;
  }

  /** The head is about to be another's. */
  detach(): void {
    if (!this.#isKept) this.#head = undefined;
  }

  completed(trailers: Fields | undefined): void {
    this.#isComplete = true;
    this.#trailers = trailers;
    this.reader?.onEnd?.(this);
  }

  /** The peer has ended its side, or is gone. */
  signalAbort(error: Error): void {
    this.#gone ??= error;
    this.#abort?.abort(error);
  }

  /** Nothing more will come of it. May be said twice: its body and its answer end alike. */
  aborted(error: Error): void {
    const isNews = !this.#isComplete && this.#error === undefined;
    if (isNews) this.#error = error;
    this.signalAbort(error);
    if (isNews) this.reader?.onAbort?.(this, error);
  }
}
