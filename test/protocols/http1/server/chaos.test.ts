/**
 * Everything at once, at random: requests in any pieces, handlers that answer at once, later, in
 * parts or from files, callbacks that throw or destroy, peers that stop reading, end or reset.
 * Whatever happens, answers come in order and whole, and the books balance; where nobody misbehaves
 * every request gets its answer, so that nothing waits for what does not come.
 */
import { closeSync, openSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  BODY,
  END,
  HEAD,
  type HttpRequest,
  type HttpResponse,
  NEED_DATA,
  ResponseParser,
} from "../../../../src/protocols/http1/index.js";
import { ByteQueue } from "../../../../src/streams/index.js";
import { randomOf, turns } from "../../../streams/support.js";
import { get, type RawClient, serve } from "./support.js";

const CLIENTS = 5;
const REQUESTS = 20;

let file = -1;
beforeEach(() => {
  file = openSync(new URL(import.meta.url), "r");
});
afterEach(() => closeSync(file));

interface Listed {
  readonly next: Listed | undefined;
  readonly isEnded: boolean;
}

/** What a connection keeps of its answers. */
interface Books {
  readonly first: Listed | undefined;
  readonly last: Listed | undefined;
  readonly unanswered: number;
  readonly heldBytes: number;
}

function listOf({ first }: Books): Listed[] {
  const list: Listed[] = [];
  for (let one = first; one !== undefined; one = one.next) list.push(one);
  return list;
}

function expectBalance(books: Books): void {
  const list = listOf(books);
  expect(books.unanswered).toBe(list.length);
  expect(books.last).toBe(list.at(-1));
  expect(books.heldBytes).toBeGreaterThanOrEqual(0);
}

/** How likely it is that somebody misbehaves. */
class Dice {
  readonly #random: () => number;
  readonly isCalm: boolean;

  constructor(seed: number, isCalm: boolean) {
    this.#random = randomOf(seed);
    this.isCalm = isCalm;
  }

  below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  chance(p: number): boolean {
    return this.#random() < p;
  }

  ill(p: number): boolean {
    return !this.isCalm && this.chance(p);
  }
}

/** Handlers of all kinds; what they do later stands in `later`. */
class Handlers {
  readonly later: (() => void)[] = [];
  readonly books = new Set<Books>();
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  handle(request: HttpRequest, response: HttpResponse): void {
    const dice = this.#dice;
    this.books.add(request.stream.handler as unknown as Books);
    if (dice.ill(0.2)) request.signal.addEventListener("abort", () => response.destroy());
    if (request.headers.hasBody && dice.chance(0.8)) this.#read(request, response);
    else this.#soon(() => this.#answer(request, response));
  }

  runLater(): void {
    for (let n = this.#dice.below(4); n > 0 && this.later.length > 0; n -= 1) {
      const [fn] = this.later.splice(this.#dice.below(this.later.length), 1);
      permit(() => fn?.());
    }
  }

  #soon(fn: () => void): void {
    if (this.#dice.chance(0.5)) fn();
    else this.later.push(fn);
  }

  #mischief(request: HttpRequest, response: HttpResponse): void {
    if (this.#dice.ill(0.02)) throw new Error("mischief");
    if (this.#dice.ill(0.01)) response.destroy();
    if (this.#dice.ill(0.01)) request.dropBody();
    if (this.#dice.ill(0.02)) request.pause();
  }

  #read(request: HttpRequest, response: HttpResponse): void {
    const dice = this.#dice;
    request.read({
      onData: (_, input) => {
        this.#mischief(request, response);
        input.drain(dice.below(input.length + 50));
        if (dice.chance(0.3)) request.pause();
        if (!input.isEmpty || request.isPaused) this.later.push(() => request.resume());
        if (dice.chance(0.02)) this.#answer(request, response);
      },
      onEnd: () => {
        this.#mischief(request, response);
        this.#soon(() => this.#answer(request, response));
      },
      onAbort: () => this.#mischief(request, response),
    });
  }

  #answer(request: HttpRequest, response: HttpResponse): void {
    if (response.isHeadSent) return;
    const dice = this.#dice;
    this.#mischief(request, response);
    const id = request.get("x-id") as string;
    const body = `<${id}${"b".repeat(dice.below(dice.chance(0.1) ? 300_000 : 50))}>`;
    response.setHeader("X-Of", id);
    const kind = dice.below(5);
    if (kind === 0) response.end(body);
    else if (kind === 1) response.end(Buffer.from(body));
    else if (kind === 2) response.sendFile(file, 0, 100 + dice.below(500));
    else if (kind === 3) this.#inParts(request, response);
    else {
      response.status = 204;
      response.end();
    }
  }

  #inParts(request: HttpRequest, response: HttpResponse): void {
    let parts = this.#dice.below(5);
    response.onDrain = () => {
      this.#mischief(request, response);
      for (; parts > 0 && !response.isEnded; parts -= 1) {
        if (!response.write("w".repeat(this.#dice.below(200_000)))) return;
      }
      if (!response.isEnded) response.end("last");
    };
    response.onDrain();
  }
}

/** Mischief, and what a handler gets for it, is as it should be. */
function permit(fn: () => void): void {
  try {
    fn();
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    if (message !== "mischief" && code?.startsWith("ERR_HTTP") !== true) throw error;
  }
}

function requestOf(id: number, dice: Dice): string {
  const kind = dice.below(8);
  const start = `HTTP/1.1\r\nHost: a\r\nX-Id: ${id}\r\n`;
  if (kind < 2) {
    const body = "p".repeat(dice.below(dice.chance(0.1) ? 60_000 : 300));
    const expect = dice.chance(0.2) ? "Expect: 100-continue\r\n" : "";
    return `POST / ${start}Content-Length: ${body.length}\r\n${expect}\r\n${body}`;
  }
  if (kind === 2) {
    const chunks = "3;a=b\r\nabc\r\n".repeat(dice.below(20));
    return `PUT / ${start}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\nT: v\r\n\r\n`;
  }
  if (dice.ill(0.02))
    return dice.chance(0.5) ? "BAD\r\n\r\n" : `GET / ${start}Connection: close\r\n\r\n`;
  return kind === 3 ? `HEAD / ${start}\r\n` : get("/", `X-Id: ${id}`);
}

/** Parses what a client got: answers in order, the last one perhaps not whole. How many are. */
function readAnswers(text: string, methods: readonly string[]): number {
  const parser = new ResponseParser();
  const queue = new ByteQueue();
  queue.append(Buffer.from(text, "latin1"));
  let id = 0;
  let body = "";
  let of: string | undefined;
  parser.expect(methods[0] as string);
  for (let event = parser.next(queue); event !== NEED_DATA; event = parser.next(queue)) {
    if (event === HEAD) of = parser.head.get("x-of") ?? of;
    if (event === BODY) {
      const { bodyBytes } = parser;
      body += queue.take(bodyBytes).toString("latin1");
      parser.consumed(bodyBytes);
    }
    if (event !== END) continue;
    if (of !== undefined) expect(of).toBe(String(id));
    if (body.startsWith("<")) expect(body.replace(/b+/, "")).toBe(`<${id}>`);
    id += 1;
    body = "";
    of = undefined;
    parser.expect(methods[id] ?? "GET");
  }
  return id;
}

/** Sends in pieces, and ends as it likes. */
function send(one: RawClient, text: string, dice: Dice, step: () => void): void {
  for (let at = 0; at < text.length && !one.isOver; ) {
    const n = 1 + dice.below(dice.chance(0.5) ? 20 : 4000);
    one.send(text.slice(at, at + n));
    at += n;
    if (dice.chance(0.3)) step();
    if (dice.ill(0.02)) one.pause();
    if (dice.ill(0.003)) break;
  }
  if (one.isOver) return;
  if (dice.ill(0.2)) one.reset();
  else one.resume();
  if (dice.ill(0.3) && !one.socket.isClosed) one.endSending();
}

function play(seed: number, isCalm: boolean): void {
  const dice = new Dice(seed, isCalm);
  const handlers = new Handlers(dice);
  const { reactor, server, client } = serve((a, b) => handlers.handle(a, b), {
    onError: () => {},
    lingerMs: 50,
    pipelinedMax: 1 + dice.below(8),
  });
  const step = (): void => {
    permit(() => void reactor.turn(0));
    handlers.runLater();
    for (const books of handlers.books) expectBalance(books);
  };
  const played = Array.from({ length: CLIENTS }, () => {
    const requests = Array.from({ length: REQUESTS }, (_, id) => requestOf(id, dice));
    const one = client();
    send(one, requests.join(""), dice, step);
    return { one, methods: requests.map((text) => text.slice(0, text.indexOf(" "))) };
  });
  const isDone = (): boolean => isCalm && played.every(({ one }) => one.answers >= REQUESTS);
  for (let i = 0; i < (isCalm ? 3000 : 300) && !isDone(); i += 1) step();
  const open = [...handlers.books].flatMap(listOf).filter(({ isEnded }) => !isEnded);
  expect(server.stats().activeRequests).toBe(open.length);
  server.close();
  turns(reactor, 3);
  for (const books of handlers.books) {
    expect(books).toMatchObject({ unanswered: 0, heldBytes: 0, first: undefined, last: undefined });
  }
  expect(server.stats()).toMatchObject({ activeRequests: 0, activeConnections: 0 });
  expect(server.listener.streams.size).toBe(0);
  for (const { one, methods } of played) {
    const whole = readAnswers(one.text, methods);
    if (isCalm) expect(whole).toBeGreaterThanOrEqual(REQUESTS - 1);
  }
}

const SEEDS = Array.from({ length: 6 }, (_, i) => i + 1);

test.each(SEEDS)("misbehaving on both sides: the books balance (seed %i)", (seed) => {
  play(seed, false);
});

test.each(SEEDS)("behaving on both sides: every request is answered (seed %i)", (seed) => {
  play(seed, true);
});
