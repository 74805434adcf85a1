/** Whatever the client is told to send, our server is told, and the other way round. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { served } from "../fetch-support.js";
import { runningReactor } from "./support.js";

const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const name = fc
  .string({ unit: fc.constantFrom(...TOKEN), minLength: 1, maxLength: 12 })
  .map((text) => `X${text}`);

/** Visible in Latin-1, with blanks that are not at the ends. */
const value = fc
  .string({ unit: fc.constantFrom(..."aZ09,;=\"'\\\t \x80\xe9\xff"), maxLength: 20 })
  .map((text) => text.replace(/^[\t ]+|[\t ]+$/g, ""));

const fields = fc.array(fc.tuple(name, value), { maxLength: 12 });

const path = fc
  .string({ unit: fc.constantFrom(..."aZ9-._~!$&'()*+,;=:@%/?\"<>[]^`{|}"), maxLength: 40 })
  .map((text) => `/${text}`);

const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");

const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });

interface Message {
  readonly fields: [string, string][];
  readonly chunks: Uint8Array[];
  readonly framing: "none" | "length" | "chunked" | "trailers";
  readonly trailers: [string, string][];
}

const message: fc.Arbitrary<Message> = fc.record({
  fields,
  chunks,
  framing: fc.constantFrom("none", "length", "chunked", "trailers"),
  trailers: fields,
});

const asked = fc.record({ method, path, message });

async function* streamed(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    yield part;
    if (part.length % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function bodyOf({ chunks: parts, framing }: Message) {
  if (framing === "none") return undefined;
  return framing === "length" ? Buffer.concat(parts) : streamed(parts);
}

/** By lower-case name, in order. */
function listOf(all: Iterable<readonly [string, string]>): [string, string][] {
  return [...all]
    .filter(([key]) => key.toLowerCase().startsWith("x"))
    .map(([key, text]) => [key, text]);
}

function wholeOf({ chunks: parts, framing }: Message): string {
  return framing === "none" ? "" : Buffer.concat(parts).toString("hex");
}

describe("a client and our server", () => {
  test("understand each other", async () => {
    const reactor = runningReactor();
    let answer: Message | undefined;
    let heard: unknown;
    const { client, errors } = served(reactor, async (request, response) => {
      request.keep();
      const body = (await request.bytes()).toString("hex");
      heard = {
        method: request.method,
        target: request.target,
        fields: listOf(request.headers),
        body,
        trailers: listOf(request.trailers ?? []),
      };
      if (answer === undefined) throw new Error("No answer");
      for (const [key, text] of answer.fields) response.addHeader(key, text);
      if (answer.framing === "trailers") {
        // One of each name: this end has no way to add another.
        for (const [key, text] of uniqueOf(answer.trailers)) response.setTrailer(key, text);
      }
      const whole = bodyOf(answer);
      if (whole === undefined || whole instanceof Uint8Array) response.end(whole);
      else {
        for await (const part of whole) await response.writeAsync(part);
        response.end();
      }
    });
    await fc.assert(
      fc.asyncProperty(asked, message, async (question, reply) => {
        answer = reply;
        const { message: sent } = question;
        const hasTrailers = sent.framing === "trailers";
        const response = await client.request({
          method: question.method,
          path: question.path,
          headers: sent.fields,
          body: bodyOf(sent),
          trailers: hasTrailers ? sent.trailers : undefined,
        });
        const body = (await response.bytes()).toString("hex");
        expect(heard).toEqual({
          method: question.method,
          target: question.path,
          fields: listOf(sent.fields),
          body: wholeOf(sent),
          trailers: hasTrailers ? listOf(sent.trailers) : [],
        });
        expect(body).toBe(wholeOf(reply));
        expect(listOf(response.headers)).toEqual(listOf(reply.fields));
        const trailers = reply.framing === "trailers" ? uniqueOf(reply.trailers) : [];
        expect(listOf(response.trailers ?? [])).toEqual(listOf(trailers));
      }),
      { numRuns: 150 },
    );
    expect(errors).toEqual([]);
    expect(client.stats()).toMatchObject({ connected: 1, idle: 1 });
  });
});

function uniqueOf(all: readonly [string, string][]): [string, string][] {
  const seen = new Set<string>();
  return all.filter(([key]) => {
    const lower = key.toLowerCase();
    return !seen.has(lower) && seen.add(lower);
  });
}
