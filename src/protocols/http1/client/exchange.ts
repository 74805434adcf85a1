/**
 * One request on its way to its response, wherever it is: waiting, connecting, or on a connection.
 * It keeps what outlives all of these: the promise, the abort signal, the total deadline. Who has
 * it at the moment is its holder.
 *
 * The rule of the file: it ends once. Until the response's head it fails by rejecting its promise,
 * afterwards by failing the body.
 */
import type { Reactor, Timer } from "../../../reactor/index.js";
import type { SocketStream } from "../../../streams/index.js";
import { HttpClientError } from "./client-errors.js";
import type { HttpClientResponse } from "./client-response.js";
import type { OutgoingRequest } from "./outgoing-request.js";
import { dropBody } from "./upload.js";

export interface Outcome {
  readonly response: HttpClientResponse;
  /** Only after an upgrade. */
  readonly stream: SocketStream | undefined;
}

export interface ExchangeHolder {
  /** It has failed: lets go of it, and of what was done for it. */
  abandon(exchange: Exchange): void;
}

export class Exchange {
  readonly request: OutgoingRequest;
  readonly promise: Promise<Outcome>;
  holder: ExchangeHolder | undefined;
  /** The one repetition that RFC 9110 §9.2.2 allows was made. */
  isRepeated = false;
  /** The body was begun, or is somebody else's to end. */
  hasUpload = false;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: Timer | undefined;
  #resolve!: (outcome: Outcome) => void;
  #reject!: (error: unknown) => void;
  #response: HttpClientResponse | undefined;
  #isOver = false;

  constructor(
    reactor: Reactor,
    request: OutgoingRequest,
    options: { signal: AbortSignal | undefined; totalTimeoutMs: number },
  ) {
    this.request = request;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal, totalTimeoutMs } = options;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (totalTimeoutMs < Infinity) {
      this.#timer = reactor.timer(totalTimeoutMs, () => this.fail(totalError(totalTimeoutMs)));
    }
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get hasResponse(): boolean {
    return this.#response !== undefined;
  }

  /** The head has come. */
  respond(response: HttpClientResponse, stream?: SocketStream): void {
    this.#response = response;
    this.#resolve({ response, stream });
  }

  /** The response is not what was asked for: it goes with the error, its body can still be read. */
  refuse(response: HttpClientResponse, error: Error): void {
    this.#response = response;
    this.#reject(Object.assign(error, { response }));
  }

  /** Everything has come and gone. */
  finish(): void {
    this.#end();
  }

  fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    if (!this.hasUpload) dropBody(this.request.body);
    if (this.#response === undefined) this.#reject(error);
    else this.#response.body.fail(error);
    this.holder?.abandon(this);
    this.holder = undefined;
  }

  #end(): void {
    this.#isOver = true;
    this.#timer?.stop();
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => this.fail(this.#signal?.reason);
}

function totalError(totalTimeoutMs: number): HttpClientError {
  const message = `The exchange was not over within ${totalTimeoutMs} ms`;
  return new HttpClientError("ERR_HTTP_TOTAL_TIMEOUT", message);
}
