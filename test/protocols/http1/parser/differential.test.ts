/**
 * The same bytes for our parsers and for Node's (llhttp). Both must see the same messages; where
 * one refuses what the other takes, the reason stands in one of the two lists. Anything else fails.
 * A run is the same each time; SOCKET_REACTOR_SEED and HTTP_DIFFERENTIAL_ROUNDS make another.
 */
import { expect, test } from "vitest";
import {
  BODY,
  END,
  HEAD,
  HttpParseError,
  NEED_DATA,
  type RequestHead,
  RequestParser,
  type ResponseHead,
  ResponseParser,
} from "../../../../src/protocols/http1/index.js";
import { ByteQueue } from "../../../../src/streams/index.js";
import { askLlhttp, type Message, type Outcome } from "./llhttp.js";
import { mutated, REQUESTS, RESPONSES, randomFrom } from "./mutations.js";
import { bytesOf, requestEvents, responseEvents } from "./support.js";

const ROUNDS = Number(process.env["HTTP_DIFFERENTIAL_ROUNDS"] ?? 4000);
const seed = Number(process.env["SOCKET_REACTOR_SEED"] ?? 0x9e3779b9);

interface Difference {
  readonly name: string;
  readonly section: string;
  /** What our error says, or llhttp's. */
  readonly error: RegExp;
  /** What the bytes have, where the error alone says too little. */
  readonly input?: RegExp;
}

/** We refuse, llhttp takes. */
const STRICTER: readonly Difference[] = [
  { name: "Host is missing, double or malformed", section: "9112 §3.2", error: /^ERR_HTTP_HOST/ },
  { name: "the target's form does not suit", section: "9112 §3.2", error: /TARGET: .*suit/ },
  { name: "a byte that no target has", section: "9112 §3.2", error: /TARGET: Invalid byte/ },
  {
    name: "two spaces before the version",
    section: "9112 §3",
    error: /VERSION: Invalid byte.*20$/,
  },
  { name: "LF or CR before a message", section: "9112 §2.2", error: /METHOD: Invalid byte.*0x0a$/ },
  { name: "CR without LF before a request", section: "9112 §2.2", error: /LINE_END: CR followed/ },
  { name: "more than two empty lines", section: "9112 §2.2", error: /Too many empty lines/ },
  {
    name: "an empty line before a response",
    section: "9112 §2.2",
    error: /STATUS_LINE:.*0x0[ad]$/,
  },
  { name: "a coding in 1.0", section: "9112 §6.1", error: /Transfer-Encoding in HTTP\/1.0/ },
  {
    name: "a coding that is not ours",
    section: "9112 §6.1",
    error: /Transfer-Encoding other than/,
  },
  {
    name: "an empty coding beside a length",
    section: "9112 §6.3",
    error: /Transfer-Encoding beside/,
    input: /Transfer-Encoding:[ \t]*\r\n/i,
  },
  { name: "two codings", section: "9112 §6.1", error: /Two Transfer-Encoding/ },
  { name: "a length with leading zero", section: "9112 §6.2", error: /with leading zero/ },
  { name: "a length above 2^53 - 1", section: "9112 §6.2", error: /above 2\^53/ },
  {
    name: "a chunk extension's syntax",
    section: "9112 §7.1.1",
    error: /^ERR_HTTP_CHUNK_EXTENSION/,
  },
  {
    name: "a chunk size of more than 16 digits",
    section: "9112 §7.1",
    error: /^ERR_HTTP_CHUNK: Chunk size too long/,
  },
  {
    name: "a response of another major version",
    section: "9112 §2.3",
    error: /^ERR_HTTP_VERSION: HTTP version \d instead/,
  },
  { name: "a control in the reason", section: "9112 §4", error: /STATUS_LINE: Invalid byte.*0x/ },
  { name: "our limit of a body", section: "9110 §15.5.14", error: /^ERR_HTTP_BODY_TOO_LARGE/ },
];

/** llhttp refuses, we take. */
const LAXER: readonly Difference[] = [
  { name: "any token is a method", section: "9110 §9.1", error: /^HPE_INVALID_METHOD/ },
  { name: "1.2 to 1.9 count as 1.1", section: "9110 §2.5", error: /^HPE_INVALID_VERSION/ },
  { name: "a length in trailers means nothing", section: "9110 §6.5.1", error: /can't be present/ },
  {
    name: "a coding in trailers means nothing",
    section: "9110 §6.5.1",
    error: /^HPE_INVALID_TRANSFER_ENCODING/,
    input: /\r\n0+\r\n(?:[^\r]+\r\n)*Transfer-Encoding:/i,
  },
  {
    name: "a tab may stand behind a length",
    section: "9110 §5.5",
    error: /^HPE_INVALID_CONTENT_LENGTH/,
    input: /Content-Length:[ \t]*\d+ *\t/i,
  },
  { name: "whoever said close is not held to it", section: "9112 §9.6", error: /^HPE_CLOSED/ },
];

function ours(kind: "request" | "response", bytes: Uint8Array, method: string): Outcome {
  const messages: Message[] = [];
  const queue = new ByteQueue();
  queue.append(bytes);
  const parser = kind === "request" ? new RequestParser() : new ResponseParser();
  if (parser instanceof ResponseParser) for (let i = 0; i < 20; i += 1) parser.expect(method);
  let isUpgrade = false;
  try {
    for (let event = parser.next(queue); event !== NEED_DATA; event = parser.next(queue)) {
      const last = messages.at(-1);
      if (event === HEAD) {
        const { head } = parser;
        messages.push({
          version: head.minorVersion === 0 ? "1.0" : "1.1",
          start: "status" in head ? String(head.status) : head.target,
          fields: [...head],
          // llhttp says so before it is told that there is no body.
          keepAlive: head.keepAlive && !(method === "HEAD" && !isLengthSaid(head)),
          body: "",
          isComplete: "status" in head && head.status < 200 && head.status !== 101,
        });
        isUpgrade = "method" in head && (head.method === "CONNECT" || head.upgrade !== undefined);
        isUpgrade ||= "status" in head && head.status === 101;
        if (isUpgrade) break;
      } else if (event === BODY) {
        if (last !== undefined) last.body += queue.take(parser.bodyBytes).toString("latin1");
        parser.consumed(parser.bodyBytes);
      } else if (event === END && last !== undefined) last.isComplete = true;
    }
    if (!isUpgrade && parser.finish() && parser.next(queue) === END) {
      const last = messages.at(-1);
      if (last !== undefined) last.isComplete = true;
    }
    return { messages, isUpgrade, isInHead: !parser.isBetweenMessages && !isOpen(messages) };
  } catch (error) {
    if (!(error instanceof HttpParseError)) throw error;
    return { messages, error: `${error.code}: ${error.message}` };
  }
}

/** Whether a body would not last until the end of the connection. */
function isLengthSaid(head: RequestHead | ResponseHead): boolean {
  const isBodiless = "status" in head && (head.status < 200 || /^[23]04$/.test(`${head.status}`));
  return head.contentLength >= 0 || head.isChunked || isBodiless;
}

/** The body of the last message is not over. */
function isOpen(messages: readonly Message[]): boolean {
  return messages.at(-1)?.isComplete === false;
}

/** Why these two are not the same; undefined: they are, or may differ so. */
function objection(
  text: string,
  mine: Outcome,
  theirs: Outcome,
  seen: Set<string>,
): string | undefined {
  const count = Math.min(mine.messages.length, theirs.messages.length);
  for (let i = 0; i < count; i += 1) {
    const isLast = i === count - 1;
    const [a, b] = [mine.messages[i]!, theirs.messages[i]!].map((m) => comparable(text, m, isLast));
    if (a !== b) return `message ${i}: ${a} instead of ${b}`;
  }
  if (mine.isUpgrade || theirs.isUpgrade) {
    if (mine.isUpgrade === theirs.isUpgrade) return undefined;
  }
  const [error, list, name] =
    mine.error !== undefined && theirs.error === undefined
      ? [mine.error, STRICTER, "ours"]
      : [theirs.error ?? "", LAXER, "theirs"];
  if (mine.error !== undefined && theirs.error !== undefined) return undefined;
  // Some of our checks wait until the head is whole.
  if (mine.error === undefined && theirs.error !== undefined && mine.isInHead) return undefined;
  if (mine.error === undefined && theirs.error === undefined) {
    const same = mine.messages.length === theirs.messages.length;
    const [a, b] = [mine, theirs].map(({ messages }) => {
      const last = messages.at(-1);
      return last && comparable(text, last, false);
    });
    return same && (mine.isUpgrade || a === b) ? undefined : `${a} instead of ${b}`;
  }
  const difference = list.find((one) => one.error.test(error) && one.input?.test(text) !== false);
  if (difference === undefined) return `${name} alone: ${error}`;
  seen.add(difference.name);
  return undefined;
}

/**
 * The body of the last message may be cut where the other has an error. Where both options of
 * Connection are said, in 1.0, close wins with us (9112 §9.3), the first one with llhttp, which does
 * not know an option with a tab beside it, either (9110 §5.6.3).
 */
function comparable(text: string, message: Message, isLast: boolean): string {
  const options = message.fields.filter(([name]) => name.toLowerCase() === "connection").join();
  const isBoth = /close/i.test(options) && /keep-alive/i.test(options);
  const isUnclear = isBoth || /connection:[^\r]*\t/i.test(text);
  const { body, isComplete } = isLast ? { body: "", isComplete: true } : message;
  return JSON.stringify({
    ...message,
    body,
    isComplete,
    keepAlive: isUnclear || message.keepAlive,
  });
}

function events(
  kind: "request" | "response",
  pieces: readonly Uint8Array[],
  method: string,
): string[] {
  return kind === "request" ? requestEvents(pieces) : responseEvents(pieces, [method, method]);
}

function run(kind: "request" | "response", corpus: readonly string[]): void {
  console.log(`differential ${kind}s: SOCKET_REACTOR_SEED=${seed}`);
  const random = randomFrom(seed);
  const seen = new Set<string>();
  const failures = new Map<string, string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const text = mutated(corpus, random);
    const bytes = bytesOf(text);
    const method = kind === "response" && random(8) === 0 ? "HEAD" : "GET";
    const mine = ours(kind, bytes, method);
    const why = objection(text, mine, askLlhttp(kind, bytes, method === "HEAD"), seen);
    const whole = events(kind, [bytes], method);
    const cut = random(bytes.length + 1);
    const parts = events(kind, [bytes.subarray(0, cut), bytes.subarray(cut)], method);
    if (whole.join() !== parts.join()) failures.set(`cut at ${cut}`, JSON.stringify(text));
    if (why !== undefined) failures.set(why.slice(0, 60), `${why}\n${JSON.stringify(text)}`);
  }
  expect([...failures.values()]).toEqual([]);
}

test("requests: the same messages as Node's parser, or a difference that has a name", () => {
  run("request", REQUESTS);
});

test("responses: the same messages as Node's parser, or a difference that has a name", () => {
  run("response", RESPONSES);
});
