/**
 * Sends a web `Response`. One whose body is there at once gets its length, any other goes in chunks,
 * no faster than the client takes it; when the client goes, the body is cancelled. Text and bytes
 * come out of a reader as well: a Response does not tell what it was made of.
 *
 * The rule of the file: whatever ends early, a body that was begun is read to its end or cancelled.
 */
import { misuse } from "../../../kernel/index.js";
import type { Timer } from "../../../reactor/index.js";
import { goneError } from "./http-errors.js";
import type { HttpRequest } from "./request.js";
import type { HttpResponse } from "./response.js";

/**
 * A client that has ended its side may still read (`nc -N` does). A body that then gives nothing for
 * so long is cancelled: most who end their side are gone, which an event stream would never notice.
 */
export const HALF_CLOSED_GRACE_MS = 1000;

/**
 * A body that gives nothing for so long is announced by its head: an event stream's client waits for
 * that, not for the first event. Until then a body that fails can still be answered with 500.
 */
export const SILENT_BODY_MS = 50;

/** They mean a connection: this one, or the one a proxied answer came from. RFC 9110 §7.6.1 */
const HOP_BY_HOP: ReadonlySet<string> = new Set(
  "connection keep-alive proxy-connection te trailer transfer-encoding upgrade".split(" "),
);

/** In so many microtasks a body that lies in memory has said what it has, or that it is over. */
const TICKS = 4;

type Chunk = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>>;

/** Rejects with what the body was failed with, or for a field that cannot be sent. */
export async function sendWebResponse(
  answer: Response,
  request: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const { body } = answer;
  if (answer.bodyUsed) {
    // It would look like an empty one.
    throw misuse(TypeError, "ERR_HTTP_BODY_USED", "The body of the Response was read already");
  }
  if (response.isAborted) {
    await body?.cancel(request.signal.reason);
    return;
  }
  const reader = body?.getReader();
  try {
    copyHead(answer, response);
    if (reader === undefined) response.end();
    else await new BodySender(reader, request, response).run();
  } catch (error) {
    reader?.cancel(error).catch(() => {}); // what it was failed with is told already
    throw error;
  }
}

function copyHead(answer: Response, response: HttpResponse): void {
  response.status = answer.status;
  if (answer.statusText !== "") response.statusText = answer.statusText;
  // What fetch() has answered is decoded by now: neither its coding nor its length holds any more.
  const isDecoded = answer.url !== "" && answer.headers.has("content-encoding");
  for (const [name, value] of answer.headers) {
    if (name === "connection" && value.toLowerCase() === "close") response.setHeader(name, value);
    if (HOP_BY_HOP.has(name)) continue;
    if (isDecoded && (name === "content-encoding" || name === "content-length")) continue;
    response.addHeader(name, value);
  }
}

class BodySender {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #request: HttpRequest;
  readonly #response: HttpResponse;
  #grace: Timer | undefined;
  #isWatching = false;
  #isCancelled = false;

  constructor(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    request: HttpRequest,
    response: HttpResponse,
  ) {
    this.#reader = reader;
    this.#request = request;
    this.#response = response;
  }

  async run(): Promise<void> {
    try {
      await this.#send();
    } catch (error) {
      // To whom the client's going is no news.
      if (!this.#response.isAborted) throw error;
      this.#cancel();
    } finally {
      if (this.#isWatching) this.#request.signal.removeEventListener("abort", this.#onGone);
      this.#grace?.stop();
    }
  }

  async #send(): Promise<void> {
    const response = this.#response;
    const isHead = this.#request.method === "HEAD";
    const beginning = this.#reader.read();
    if ((await settled(beginning)) === undefined) {
      const isSilent = await this.#isSilent(beginning);
      if (isSilent && !this.#isGone) response.flushHeaders();
      if (isSilent && isHead) return this.#endHead();
    }
    let chunk = await beginning;
    for (let isFirst = true; !chunk.done; isFirst = false) {
      const bytes = bytesOf(chunk);
      const following = this.#reader.read();
      following.catch(() => {}); // thrown below, if anybody still waits for it
      if (isFirst && (await isOver(following))) return response.end(bytes);
      this.#watch();
      if (this.#isGone) return this.#cancel();
      const hasRoom = response.write(bytes);
      if (isHead) return this.#endHead();
      if (!hasRoom) await response.drained();
      this.#grace?.start();
      chunk = await following;
    }
    if (!this.#isGone) response.end();
  }

  /** Whether nothing comes for a while. It rejects for nothing: the read itself does. */
  #isSilent(beginning: Promise<Chunk>): Promise<boolean> {
    this.#watch();
    return new Promise((resolve) => {
      const { reactor } = this.#request.stream;
      if (reactor.isClosed) return resolve(true);
      const timer = reactor.timer(SILENT_BODY_MS, () => resolve(true)).unref();
      const stop = (): void => {
        timer.stop();
        resolve(false);
      };
      beginning.then(stop, stop);
    });
  }

  get #isGone(): boolean {
    return this.#isCancelled || this.#response.isAborted;
  }

  /** From now on the client's going cancels the body; one that is there at once needs no signal. */
  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const { signal } = this.#request;
    if (signal.aborted) this.#onGone();
    else signal.addEventListener("abort", this.#onGone, { once: true });
  }

  /** The head is all that was asked for. */
  #endHead(): void {
    this.#cancel();
    this.#response.end();
  }

  /** The client has ended its side, or is gone altogether. */
  readonly #onGone = (): void => {
    const { reactor } = this.#request.stream;
    if (reactor.isClosed) {
      this.#cancel();
      return;
    }
    this.#grace ??= reactor.timer(HALF_CLOSED_GRACE_MS, () => this.#giveUp()).unref();
    // The answer hears of it a little later than the request.
    queueMicrotask(() => this.#response.isAborted && this.#cancel());
  };

  #giveUp(): void {
    this.#cancel();
    this.#response.destroy(goneError());
  }

  #cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#reader.cancel(goneError()).catch(() => {}); // its owner's affair, who threw it
  }
}

function bytesOf(chunk: Chunk): Uint8Array {
  const { value } = chunk;
  if (value instanceof Uint8Array) return value;
  throw new TypeError("The body of a Response must be made of Uint8Array");
}

/** Whether the body ends here, as far as it can say so without waiting for anything. */
async function isOver(following: Promise<Chunk>): Promise<boolean> {
  const outcome = await settled(following);
  return outcome?.status === "fulfilled" && outcome.value.done;
}

/** What became of a read, if that needs nothing but microtasks; else undefined. Never rejects. */
async function settled(reading: Promise<Chunk>): Promise<PromiseSettledResult<Chunk> | undefined> {
  let outcome: PromiseSettledResult<Chunk> | undefined;
  reading.then(
    (value) => {
      outcome = { status: "fulfilled", value };
    },
    (reason: unknown) => {
      outcome = { status: "rejected", reason };
    },
  );
  for (let i = 0; i < TICKS && outcome === undefined; i += 1) await undefined;
  return outcome;
}
