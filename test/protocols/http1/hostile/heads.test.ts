/** Floods of what stands before a body: huge heads, many fields, endless targets and empty lines. */
import { describe, expect, test } from "vitest";
import {
  FIELDS_MAX,
  HEAD_BYTES_MAX,
  HTTP_LINGER_MS,
  LINGER_BYTES_MAX,
  TARGET_BYTES_MAX,
} from "../../../../src/protocols/http1/index.js";
import { ARENA_READ_BYTES } from "../../../../src/streams/transfer-pool.js";
import {
  clocked,
  drip,
  eager,
  expectNothingLeft,
  flood,
  get,
  hello,
  pingerOf,
  STEP_MS,
  serve,
  streamsOf,
  turns,
} from "./support.js";

const START = "GET / HTTP/1.1\r\nHost: a\r\n";

const FLOODS = [
  { name: "a field without an end", start: `${START}X: `, unit: "x", status: 431 },
  { name: "fields without an end", start: START, unit: "X-Y: 1234\r\n", status: 431 },
  { name: "a name without an end", start: START, unit: "n", status: 431 },
  { name: "a target without an end", start: "GET /", unit: "a", status: 414 },
  { name: "a method without an end", start: "", unit: "A", status: 501 },
  { name: "empty lines without an end", start: "", unit: "\r\n", status: 400 },
  { name: "blanks without an end", start: "GET", unit: " ", status: 400 },
  { name: "bytes that are no HTTP", start: "", unit: "\x16\x03\x01\xff", status: 400 },
];

describe.each(FLOODS)("$name", ({ start, unit, status }) => {
  test(`gets ${status} before more than the limits is read, and the connection ends`, () => {
    const served = clocked(hello);
    const pinger = pingerOf(served);
    const one = served.client(start);
    turns(served.reactor, 3);
    const hostile = streamsOf(served).at(-1);
    for (let i = 0; i < 100; i += 1) {
      flood(one.socket, unit, 1 << 20);
      pinger.ping(4);
    }
    const bound = HEAD_BYTES_MAX + LINGER_BYTES_MAX + 2 * ARENA_READ_BYTES;
    expect(hostile?.bytesRead).toBeLessThanOrEqual(bound);
    expect(served.server.stats().limits.linger).toBe(1);
    served.pass(HTTP_LINGER_MS + STEP_MS);
    expect(hostile?.isDestroyed).toBe(true);
    const { errors, timeouts, activeConnections } = served.server.stats();
    expect({ errors, activeConnections }).toEqual({
      errors: { [status]: 1 },
      activeConnections: 1,
    });
    expect(timeouts.linger).toBe(1);
  });

  test("and who sends just too much can read the answer", async () => {
    const { client, until } = serve();
    const one = client(start + unit.repeat(Math.ceil((HEAD_BYTES_MAX + 1) / unit.length)));
    await until(() => one.isOver);
    expect(one.error).toBeUndefined();
    expect(one.statuses).toEqual([status]);
  });

  test("holds no more while it comes byte by byte", () => {
    const served = clocked(hello, { headTimeoutMs: Infinity, requestTimeoutMs: Infinity });
    const one = served.client(start);
    turns(served.reactor, 3);
    const [hostile] = streamsOf(served);
    const next = drip(one, unit.repeat(2000));
    let chunks = 0;
    for (let i = 0; i < 2000 && one.answers === 0; i += 1) {
      next();
      served.reactor.turn(0);
      chunks = Math.max(chunks, hostile?.input.chunkCount ?? 0);
    }
    // Bytes that come alone lie together: not a block for each of them.
    expect(chunks).toBeLessThanOrEqual(3);
  });
});

test("a field more than allowed is refused, and the allowed number is not", async () => {
  const { client, until } = serve();
  const fields = (count: number): string[] => Array.from({ length: count }, (_, i) => `X-${i}: 1`);
  const one = client(get("/", ...fields(FIELDS_MAX - 1)) + get("/", ...fields(FIELDS_MAX)));
  await until(() => one.isOver);
  expect(one.statuses).toEqual([200, 431]);
});

test("the longest target is served, and one byte more is not", async () => {
  const { client, until } = serve();
  const path = `/${"a".repeat(TARGET_BYTES_MAX - 1)}`;
  const one = client(get(path) + get(`${path}b`));
  await until(() => one.isOver);
  expect(one.statuses).toEqual([200, 414]);
});

test("a thousand names that hash alike cost no more than others", async () => {
  // Names are compared, not hashed into a table: as many look-ups as a handler makes.
  const { client, until } = serve(
    (request, response) => {
      for (let i = 0; i < 100; i += 1) request.get("constructor");
      response.end(String(request.get("__proto__") ?? "none"));
    },
    { fieldsMax: 1000 },
  );
  const one = client(get("/", ...Array.from({ length: 900 }, () => "__proto__: x")));
  await until(() => one.answers === 1);
  expect(one.lastBody).toMatch(/^x(, x){899}$/);
});

test("empty lines of one connection are not another's fault", () => {
  const served = clocked(hello);
  const [first, second, third] = [served.client(), served.client(), served.client()].map(eager);
  turns(served.reactor, 3);
  // Each alone is in order: RFC 9112 §2.2 wants an empty line before a request to be ignored.
  for (const one of [first, second]) {
    one?.send("\r\n");
    turns(served.reactor, 3);
  }
  third?.send(`\r\n${get()}`);
  turns(served.reactor, 5);
  expect(third?.statuses).toEqual([200]);
  for (const one of [first, second]) one?.send(get());
  turns(served.reactor, 5);
  expect([first?.statuses, second?.statuses]).toEqual([[200], [200]]);
});

test("a hundred connections that ask with nonsense, over and over, leave nothing behind", () => {
  const served = clocked(hello);
  const pinger = pingerOf(served);
  for (let round = 0; round < 20; round += 1) {
    const all = FLOODS.map(({ start, unit }) => served.client(start + unit.repeat(20_000)));
    for (let i = 0; i < 8; i += 1) pinger.ping();
    for (const one of all) one.close();
  }
  pinger.client.close();
  served.pass(HTTP_LINGER_MS + STEP_MS);
  expectNothingLeft(served);
  const { errors, connections } = served.server.stats();
  expect(connections).toBe(20 * FLOODS.length + 1);
  expect(Object.values(errors).reduce((sum, n) => sum + n)).toBe(20 * FLOODS.length);
});
