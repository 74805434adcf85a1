// The cases of the micro bench that parse HTTP: this library's RequestParser over lent bytes, as it
// gets them from a stream, beside the parser of node:http. Both check what is sent to them and
// find where each request ends. Node's hands every field over as strings, ours only where it was
// asked for: "read" asks for all of them, "host" for one as a handler would. From the second request
// on ours knows fields again that did not change; in "new" they always do.
//
// Part of the list in micro-cases.mjs.
import { httpRequests } from "./http-requests.mjs";

const PARSER = new URL("../dist/protocols/http1/parser/request-parser.js", import.meta.url);
const BYTE_QUEUE = new URL("../dist/streams/byte-queue.js", import.meta.url);

/** That lie behind one another in one piece. */
const REQUESTS = 16;
/** What a socket gives at a time, and what a chunk has. */
const PIECE_BYTES = 65_536;
const CHUNK_BYTES = 16_384;
const CHUNKS = 64;
const LAST_CHUNK = "0\r\n\r\n";

/** parser.next() of ours answers these. */
const NEED_DATA = 0;
const HEAD = 1;
const BODY = 2;
const END = 3;

const minimal = httpRequests.minimal("/");
const browser = httpRequests.browser("/");
const readNothing = () => {};

/** @type {readonly import("./micro-cases.mjs").Case[]} */
export const microHttpCases = [
  requests("http-minimal", "request of 40 B, checked and framed", minimal, readNothing),
  requests("http-browser", "request of 20 fields, checked and framed", browser, readNothing),
  requests("http-minimal-new", "the same 40 B, fields never the same", minimal, readNothing, anew),
  requests("http-browser-new", "the same 20, fields never the same", browser, readNothing, anew),
  requests("http-browser-host", "the same, method, path and one field read", browser, readSome),
  requests("http-browser-read", "the same, every field read", browser, readAll),
  nodeRequests("node-http-minimal", "request of 40 B by node:http's parser", minimal),
  nodeRequests("node-http-browser", "request of 20 fields by node:http's parser", browser),
  {
    ...{ name: "http-chunks", group: "http", unit: "chunk of 16 KiB, its data dropped" },
    open: openChunks,
  },
  {
    ...{ name: "node-http-chunks", group: "http", unit: "chunk of 16 KiB by node:http's parser" },
    open: openNodeChunks,
  },
];

function requests(name, unit, text, read, vary = (same) => same) {
  return { name, group: "http", unit, open: () => openRequests(text, read, vary) };
}

/** The same length, another Host. */
function anew(text, i) {
  return text.replace("Host: ", `Host: ${String.fromCharCode(97 + i)}`).replace(/(Host: .)./, "$1");
}

function nodeRequests(name, unit, text) {
  return { name, group: "http", unit, open: () => openNodeRequests(text) };
}

function readSome(head) {
  if (head.method !== "GET" || head.path !== "/" || !head.get("accept")) throw new Error("Wrong");
}

function readAll(head) {
  for (let i = 0; i < head.count; i += 1) {
    if (head.name(i) === "" || head.value(i) === "") throw new Error("A field is empty");
  }
}

async function openRequests(text, read, vary) {
  const { RequestParser } = await import(PARSER);
  const { ByteQueue } = await import(BYTE_QUEUE);
  const texts = Array.from({ length: REQUESTS }, (_, i) => vary(text, i));
  const bytes = Buffer.from(texts.join(""), "latin1");
  const queue = new ByteQueue();
  const parser = new RequestParser();
  return {
    divisor: REQUESTS,
    repeat: (times) => {
      let ends = 0;
      for (let i = 0; i < times; i += 1) {
        queue.lend(bytes, 0, bytes.length);
        for (let event = parser.next(queue); event !== NEED_DATA; event = parser.next(queue)) {
          if (event === HEAD) read(parser.head);
          else if (event === END) ends += 1;
        }
        queue.reclaim();
      }
      if (ends !== times * REQUESTS) throw new Error("A request is missing");
    },
  };
}

/** A body of chunks in the pieces in which a socket would give it. */
function chunkedPieces() {
  const head = "POST / HTTP/1.1\r\nHost: localhost:8080\r\nTransfer-Encoding: chunked\r\n\r\n";
  const chunk = `${CHUNK_BYTES.toString(16)}\r\n${"x".repeat(CHUNK_BYTES)}\r\n`;
  const bytes = Buffer.from(head + chunk.repeat(CHUNKS) + LAST_CHUNK, "latin1");
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  return Array.from({ length: count }, (_, i) => {
    return bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES);
  });
}

async function openChunks() {
  const { RequestParser } = await import(PARSER);
  const { ByteQueue } = await import(BYTE_QUEUE);
  const pieces = chunkedPieces();
  const queue = new ByteQueue();
  const parser = new RequestParser({ bodyBytesMax: Infinity });
  let bytes = 0;
  const take = () => {
    for (let event = parser.next(queue); event !== NEED_DATA; event = parser.next(queue)) {
      if (event !== BODY) continue;
      const n = parser.bodyBytes;
      queue.drain(n);
      parser.consumed(n);
      bytes += n;
    }
  };
  return {
    divisor: CHUNKS,
    repeat: (times) => {
      bytes = 0;
      for (let i = 0; i < times; i += 1) {
        for (const piece of pieces) {
          queue.lend(piece, 0, piece.length);
          take();
          queue.reclaim();
        }
      }
      if (bytes !== times * CHUNKS * CHUNK_BYTES) throw new Error("A byte is missing");
    },
  };
}

/** @returns {Promise<{ parser: object, state: { ends: number, bytes: number } }>} */
async function openNodeParser() {
  const { HTTPParser } = await import("node:_http_common");
  const state = { ends: 0, bytes: 0 };
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  parser[HTTPParser.kOnHeadersComplete] = () => 0;
  parser[HTTPParser.kOnBody] = (body) => {
    state.bytes += body.length;
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    state.ends += 1;
  };
  return { parser, state };
}

async function openNodeRequests(text) {
  const { parser, state } = await openNodeParser();
  const bytes = Buffer.from(text.repeat(REQUESTS), "latin1");
  return {
    divisor: REQUESTS,
    repeat: (times) => {
      state.ends = 0;
      for (let i = 0; i < times; i += 1) parser.execute(bytes);
      if (state.ends !== times * REQUESTS) throw new Error("A request is missing");
    },
  };
}

async function openNodeChunks() {
  const { parser, state } = await openNodeParser();
  const pieces = chunkedPieces();
  return {
    divisor: CHUNKS,
    repeat: (times) => {
      state.bytes = 0;
      for (let i = 0; i < times; i += 1) for (const piece of pieces) parser.execute(piece);
      if (state.bytes !== times * CHUNKS * CHUNK_BYTES) throw new Error("A byte is missing");
    },
  };
}
