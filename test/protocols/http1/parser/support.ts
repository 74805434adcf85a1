/**
 * Feeds a parser and writes down what it says, one short text per event, so that two ways of
 * feeding the same bytes can be compared.
 */
import {
  BODY,
  END,
  type Fields,
  HEAD,
  HttpParseError,
  NEED_DATA,
  type ParserLimits,
  type RequestHead,
  RequestParser,
  type ResponseHead,
  ResponseParser,
} from "../../../../src/protocols/http1/index.js";
import { ByteQueue } from "../../../../src/streams/index.js";

/** How the pieces come: copied into the queue, or lent and overwritten afterwards. */
export type Feeding = "append" | "lend";
export const FEEDINGS: readonly Feeding[] = ["append", "lend"];

const POISON = 0xdd;

/** What both parsers have. */
interface Parser {
  next(queue: ByteQueue): number;
  consumed(n: number): void;
  finish(): boolean;
  readonly head: RequestHead | ResponseHead;
  readonly bodyBytes: number;
  readonly trailers: Fields | undefined;
}

export interface Run {
  readonly feeding?: Feeding;
  readonly limits?: ParserLimits;
  /** Bytes of body that are taken at a time. */
  readonly step?: number;
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** The events of requests in pieces. */
export function requestEvents(pieces: readonly Uint8Array[], run: Run = {}): string[] {
  return eventsOf(new RequestParser(run.limits), pieces, run);
}

/** The events of the responses to requests with these methods, in pieces. */
export function responseEvents(
  pieces: readonly Uint8Array[],
  methods: readonly string[] = ["GET"],
  run: Run = {},
): string[] {
  const parser = new ResponseParser(run.limits);
  for (const method of methods) parser.expect(method);
  return eventsOf(parser, pieces, run);
}

function eventsOf(parser: Parser, pieces: readonly Uint8Array[], run: Run): string[] {
  const { feeding = "append", step = Number.POSITIVE_INFINITY } = run;
  const log = new Log();
  const queue = new ByteQueue();
  let isDead = false;
  for (const piece of pieces) {
    const arena = Buffer.from(piece);
    if (feeding === "append") queue.append(arena);
    else queue.lend(arena, 0, arena.length);
    isDead ||= !takeEvents(parser, queue, step, log);
    queue.reclaim();
    arena.fill(POISON);
  }
  if (!isDead) {
    log.add(parser.finish() ? "finish in order" : "finish too early");
    // A body that lasts until the end is over only now.
    takeEvents(parser, queue, step, log);
  }
  return log.lines;
}

/** False: the parser has thrown. */
function takeEvents(parser: Parser, queue: ByteQueue, step: number, log: Log): boolean {
  try {
    for (let event = parser.next(queue); event !== NEED_DATA; event = parser.next(queue)) {
      if (event === HEAD) log.add(describeHead(parser.head));
      else if (event === END) log.add(`end${describeFields(parser.trailers)}`);
      else if (event === BODY) {
        const n = Math.min(step, parser.bodyBytes);
        log.addBody(queue.take(n).toString("latin1"));
        parser.consumed(n);
      }
    }
    return true;
  } catch (error) {
    if (!(error instanceof HttpParseError)) throw error;
    log.add(`error ${error.status} ${error.code}`);
    return false;
  }
}

class Log {
  readonly lines: string[] = [];

  add(line: string): void {
    this.lines.push(line);
  }

  /** Data in how many pieces is no difference. */
  addBody(data: string): void {
    const last = this.lines.at(-1);
    if (last?.startsWith("body ")) this.lines[this.lines.length - 1] = last + data;
    else this.lines.push(`body ${data}`);
  }
}

function describeFields(fields: Fields | undefined): string {
  return fields === undefined ? "" : ` ${JSON.stringify([...fields])}`;
}

/** Everything that a head says. */
export function describeHead(head: RequestHead | ResponseHead): string {
  const { minorVersion, keepAlive, contentLength, isChunked, hasBody } = head;
  const common = { minorVersion, keepAlive, contentLength, isChunked, hasBody };
  if ("status" in head) {
    const { status, reason } = head;
    return `head ${JSON.stringify({ status, reason, ...common })}${describeFields(head)}`;
  }
  const { method, target, path, query, host, expectsContinue, hasUnknownExpectation } = head;
  const { upgrade } = head;
  const line = { method, target, path, query, host };
  const rest = { expectsContinue, hasUnknownExpectation, upgrade };
  return `head ${JSON.stringify({ ...line, ...common, ...rest })}${describeFields(head)}`;
}

/** Pieces of one byte each. */
export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

/** Every way to cut in two; the last is the whole. */
export function* cutsInTwo(bytes: Uint8Array): Generator<Uint8Array[]> {
  for (let i = 1; i < bytes.length; i += 1) yield [bytes.subarray(0, i), bytes.subarray(i)];
  yield [bytes];
}

/** Ways to cut in three: every one of short bytes, with larger steps for long ones. */
export function* cutsInThree(bytes: Uint8Array): Generator<Uint8Array[]> {
  const step = Math.max(1, Math.floor(bytes.length / 25));
  for (let i = 1; i < bytes.length; i += step) {
    for (let j = i + 1; j < bytes.length; j += step) {
      yield [bytes.subarray(0, i), bytes.subarray(i, j), bytes.subarray(j)];
    }
  }
}
