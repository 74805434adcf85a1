/** Lines as an async iterator. */
import { describe, expect, test } from "vitest";
import type { Socket } from "../../../src/index.js";
import { LineStream, type LineStreamOptions } from "../../../src/protocols/lines/index.js";
import type { Reactor } from "../../../src/reactor/index.js";
import { READ_HIGH_BYTES, type SocketStream } from "../../../src/streams/index.js";
import { errorOf, joined, reactorOf, resetOnClose, send, streamOf } from "../../streams/support.js";

interface Opened {
  readonly reactor: Reactor;
  readonly lines: LineStream<SocketStream>;
  readonly peer: Socket;
}

/** In a reactor that runs attached until the test is over. */
function open(options?: LineStreamOptions, onError?: (error: unknown) => void): Opened {
  const reactor = reactorOf({ onError });
  const { stream, peer } = joined(reactor);
  void reactor.run();
  return { reactor, lines: new LineStream(stream, {}, options), peer };
}

async function all(lines: AsyncIterable<string>, into: string[] = []): Promise<string[]> {
  for await (const line of lines) into.push(line);
  return into;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("for await", () => {
  test("gets every line, and ends with the peer's end", async () => {
    const { lines, peer } = open();
    send(peer, "one\r\ntw");
    const reading = all(lines);
    await turn();
    send(peer, "o\nthree\nrest");
    peer.shutdown("write");
    expect(await reading).toEqual(["one", "two", "three"]);
  });

  test("gets what came before it began, also when the stream is over by then", async () => {
    const { lines, peer } = open();
    send(peer, "one\ntwo\n");
    peer.shutdown("write");
    while (!lines.stream.isDestroyed) await turn();
    expect(await all(lines)).toEqual(["one", "two"]);
  });

  test("answers line by line", async () => {
    const { lines: asking, reactor, peer } = open();
    const serving = (async () => {
      const there = new LineStream(streamOf(reactor, peer));
      for await (const line of there) await there.writeAsync(line.toUpperCase());
    })();
    const answers: string[] = [];
    asking.write("a");
    for await (const answer of asking) {
      answers.push(answer);
      if (answers.length === 3) break;
      asking.write(answer.toLowerCase().repeat(2));
    }
    await serving;
    expect(answers).toEqual(["A", "AA", "AAAA"]);
  });

  test("throws what ended the stream, after the lines that came before", async () => {
    const { lines, peer } = open();
    const got: string[] = [];
    const reading = all(lines, got);
    send(peer, "one\n");
    while (got.length === 0) await turn();
    resetOnClose(peer);
    peer.close();
    await expect(reading).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(got).toEqual(["one"]);
  });

  test("throws at a line that is too long; with onBadLine after its answer", async () => {
    for (const isTold of [false, true]) {
      const { lines, peer } = open({ lineBytesMax: 8 });
      if (isTold) lines.handler = { onBadLine: (self) => void self.write("ERROR") };
      const got: string[] = [];
      send(peer, `one\n${"x".repeat(20)}\ntwo\n`);
      await expect(all(lines, got)).rejects.toMatchObject({ code: "ERR_LINE_TOO_LONG" });
      expect(got).toEqual(["one"]);
      expect(lines.isWritable).toBe(false);
    }
  });

  test("rejects every next() that waits when one is too long", async () => {
    const { lines, peer } = open({ lineBytesMax: 8 });
    const reading = lines[Symbol.asyncIterator]();
    const results = Promise.allSettled([reading.next(), reading.next(), reading.next()]);
    send(peer, `one\n${"x".repeat(20)}\n`);
    const error = { code: "ERR_LINE_TOO_LONG" };
    expect(await results).toMatchObject([
      { value: { value: "one" } },
      { reason: error },
      { reason: error },
    ]);
  });

  test('goes on after one with "discard"', async () => {
    const { lines, peer } = open({ lineBytesMax: 8, badLines: "discard" });
    send(peer, `one\n${"x".repeat(20)}\ntwo\n`);
    peer.shutdown("write");
    expect(await all(lines)).toEqual(["one", "two"]);
  });

  test("next() from within onBadLine waits behind those that wait, and no line is lost", async () => {
    const { lines, peer } = open({ lineBytesMax: 8, badLines: "discard" });
    const reading = lines[Symbol.asyncIterator]();
    const results = [reading.next()];
    lines.handler = { onBadLine: () => void results.push(reading.next()) };
    send(peer, `${"x".repeat(20)}\none\ntwo\nthree\n`);
    while (results.length < 2) await turn();
    results.push(reading.next());
    expect((await Promise.all(results)).map(({ value }) => value)).toEqual(["one", "two", "three"]);
  });

  test("an onBadLine that throws ends the stream; no line is lost before it", async () => {
    const heard: unknown[] = [];
    const { lines, peer } = open({ lineBytesMax: 8 }, (error) => heard.push(error));
    const meant = new Error("of onBadLine");
    lines.handler = {
      onBadLine: () => {
        throw meant;
      },
    };
    const got: string[] = [];
    send(peer, `one\n${"x".repeat(20)}\n`);
    await expect(all(lines, got)).rejects.toBe(meant);
    expect([got, heard]).toEqual([["one"], [meant]]);
  });

  test("leaving the loop destroys the stream", async () => {
    const { lines, peer } = open();
    send(peer, "one\ntwo\n");
    for await (const line of lines) {
      expect(line).toBe("one");
      break;
    }
    expect(lines.stream.isDestroyed).toBe(true);
  });

  test("a slow loop stops the peer, and loses nothing", async () => {
    const { lines, peer } = open();
    const chunk = Buffer.from(`${"x".repeat(999)}\n`.repeat(100));
    const reading = lines[Symbol.asyncIterator]();
    let sent = 0;
    // Until the peer's kernel takes no more, through many turns: nobody reads any more.
    for (let quiet = 0; quiet < 50; quiet += 1) {
      for (let n = peer.send(chunk, sent % 1000); n > 0; n = peer.send(chunk, sent % 1000)) {
        sent += n;
        quiet = 0;
      }
      await turn();
    }
    expect(lines.stream.input.length).toBeLessThan(2 * READ_HIGH_BYTES);
    const whole = Math.floor(sent / 1000);
    for (let i = 0; i < whole; i += 1) {
      expect((await reading.next()).value).toHaveLength(999);
    }
    await reading.return?.();
  });

  test("several next() at once are served in order", async () => {
    const { lines, peer } = open();
    const reading = lines[Symbol.asyncIterator]();
    const results = [reading.next(), reading.next(), reading.next()];
    send(peer, "one\ntwo\n");
    peer.shutdown("write");
    expect((await Promise.all(results)).map(({ value }) => value)).toEqual([
      "one",
      "two",
      undefined,
    ]);
    expect(await reading.next()).toEqual({ done: true, value: undefined });
  });
});

test("one loop at a time, and none during a blocking run", () => {
  const { lines, reactor } = open();
  lines[Symbol.asyncIterator]();
  expect(errorOf(() => lines[Symbol.asyncIterator]())).toMatchObject({
    code: "ERR_LINE_STREAM_BUSY",
  });
  reactor.close();
  const blocking = reactorOf();
  const { stream } = joined(blocking);
  let refused: unknown;
  blocking.timer(0, () => {
    refused = errorOf(() => new LineStream(stream)[Symbol.asyncIterator]());
    stream.destroy();
  });
  blocking.runBlocking();
  expect(refused).toMatchObject({ code: "ERR_REACTOR_BLOCKING" });
});
