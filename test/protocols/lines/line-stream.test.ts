/** Lines over real sockets and in memory: in, out, too long, too many, too late. */
import { describe, expect, test } from "vitest";
import {
  BAD_LINE_LINGER_MS,
  encodeLine,
  type LineError,
  type LineHandler,
  LineStream,
  type LineStreamOptions,
} from "../../../src/protocols/lines/index.js";
import type { Reactor } from "../../../src/reactor/index.js";
import { type BufferedStream, type StreamOptions, streamPair } from "../../../src/streams/index.js";
import {
  collect,
  drive,
  errorOf,
  joined,
  reactorOf,
  receiveAll,
  send,
  tickingReactorOf,
  turns,
  WAYS,
} from "../../streams/support.js";

/** What a line stream calls, in order. */
function recorder(log: string[]): Required<Omit<LineHandler<unknown>, "onTimeout">> {
  return {
    onLine: (_, line) => void log.push(line),
    onBadLine: (_, { code }) => void log.push(code),
    onEnd: () => void log.push("END"),
    onDrain: () => void log.push("DRAIN"),
    onFinish: () => void log.push("FINISH"),
    onClose: (_, error) => {
      const code = (error as { code?: string } | undefined)?.code ?? error?.message;
      log.push(code === undefined ? "CLOSE" : `CLOSE ${code}`);
    },
  };
}

/** A line stream and the bare socket at its other end. */
function open(
  reactor: Reactor,
  handler: LineHandler<LineStream> = {},
  options?: LineStreamOptions,
  streamOptions?: StreamOptions,
) {
  const { stream, peer } = joined(reactor, {}, streamOptions);
  const lines = new LineStream<BufferedStream>(stream, handler, options);
  return { lines, stream, peer };
}

/** Without `onBadLine`. */
function quiet(log: string[]): LineHandler<LineStream> {
  const { onBadLine: _, ...rest } = recorder(log);
  return rest;
}

describe.each(WAYS)("%s", (way) => {
  test("lines come in order, whatever ends them, then the end", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { stream, peer } = open(reactor, recorder(log));
    send(peer, "one\r\ntw");
    await drive(reactor, way, () => log.length > 0);
    send(peer, "o\nthree\n\nrest");
    peer.shutdown("write");
    await drive(reactor, way, () => stream.isDestroyed);
    expect(log).toEqual(["one", "two", "three", "", "END", "FINISH", "CLOSE"]);
    expect(String(stream.input)).toBe("rest");
  });

  test("what is written has CR LF behind it", async () => {
    const reactor = reactorOf();
    const { lines, peer } = open(reactor);
    const got = collect(reactor, peer);
    lines.write("one");
    lines.write("");
    lines.stream.write(encodeLine("für alle"));
    lines.end("last");
    expect(lines.isWritable).toBe(false);
    await drive(reactor, way, () => got.isEnded);
    expect(String(got.bytes())).toBe("one\r\n\r\nfür alle\r\nlast\r\n");
  });

  test("pause() holds back even what came together; the end waits, too", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { lines, stream, peer } = open(reactor, {
      ...recorder(log),
      onLine: (self, line) => {
        log.push(line);
        self.pause();
      },
    });
    send(peer, "one\ntwo\nthree\n");
    peer.shutdown("write");
    for (const count of [1, 2, 3]) {
      await drive(reactor, way, () => log.length === count);
      turns(reactor, 3);
      expect(log).toHaveLength(count);
      lines.resume();
    }
    await drive(reactor, way, () => stream.isDestroyed);
    expect(log).toEqual(["one", "two", "three", "END", "FINISH", "CLOSE"]);
  });

  test("without onBadLine a line that is too long ends the connection", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { peer } = open(reactor, quiet(log), { lineBytesMax: 8 });
    send(peer, `fine\n${"x".repeat(10)}`);
    await drive(reactor, way, () => log.length === 2);
    expect(log).toEqual(["fine", "CLOSE ERR_LINE_TOO_LONG"]);
  });

  test("onBadLine answers: the peer reads it, whatever else it has sent, and the end", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const answer = (self: LineStream, { code }: LineError): void => {
      log.push(code);
      self.write("ERROR: too long");
    };
    const { peer } = open(reactor, { ...recorder(log), onBadLine: answer }, { lineBytesMax: 8 });
    const got = collect(reactor, peer);
    send(peer, `${"x".repeat(20)}\nnot heard\n`);
    await drive(reactor, way, () => got.isEnded);
    send(peer, "not heard either\n".repeat(100));
    turns(reactor, 3);
    expect(String(got.bytes())).toBe("ERROR: too long\r\n");
    peer.close();
    await drive(reactor, way, () => log.at(-1)?.startsWith("CLOSE") === true);
    expect(log).toEqual(["ERR_LINE_TOO_LONG", "FINISH", "CLOSE ERR_LINE_TOO_LONG"]);
    expect(reactor.stats().timers).toBe(0);
  });

  test("a peer that goes on sending after its answer is given up", async () => {
    const reactor = tickingReactorOf();
    const log: string[] = [];
    const { stream, peer } = open(reactor, recorder(log), { lineBytesMax: 8 });
    send(peer, `${"x".repeat(20)}\n`);
    await drive(reactor, way, () => log.length > 0);
    const begun = reactor.nowMs;
    await drive(reactor, way, () => {
      if (!stream.isDestroyed) send(peer, "more\n");
      return stream.isDestroyed;
    });
    // The turn in which it was rejected may have been the one before.
    expect(reactor.nowMs - begun).toBeGreaterThanOrEqual(BAD_LINE_LINGER_MS - 2);
    expect(log).toEqual(["ERR_LINE_TOO_LONG", "FINISH", "CLOSE ERR_LINE_TOO_LONG"]);
  });

  test("however much it has sent, the end of its side ends the connection at once", async () => {
    const reactor = tickingReactorOf();
    const log: string[] = [];
    const options = { lineBytesMax: 8 };
    const marks = { readMarks: { high: 100 } };
    const { stream, peer } = open(reactor, recorder(log), options, marks);
    const begun = reactor.nowMs;
    send(peer, `${"x".repeat(20)}\n${"more\n".repeat(1000)}`);
    await drive(reactor, way, () => log.length > 0);
    send(peer, "more\n".repeat(1000));
    peer.shutdown("write");
    await drive(reactor, way, () => stream.isDestroyed);
    expect(reactor.nowMs - begun).toBeLessThan(BAD_LINE_LINGER_MS); // a millisecond a turn
    expect(log).toEqual(["ERR_LINE_TOO_LONG", "FINISH", "CLOSE ERR_LINE_TOO_LONG"]);
  });

  test('"discard" drops what is no line, up to its end, and goes on', async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const options = { lineBytesMax: 8, badLines: "discard" } as const;
    const { stream, peer } = open(reactor, recorder(log), options);
    send(peer, `one\n${"x".repeat(20)}`);
    await drive(reactor, way, () => log.length === 2);
    send(peer, `${"x".repeat(2000)}\ntwo\na\0b\nthr\ree\nfour\n`);
    peer.shutdown("write");
    await drive(reactor, way, () => stream.isDestroyed);
    const bad = "ERR_LINE_BAD_BYTE";
    expect(log.slice(0, 6)).toEqual(["one", "ERR_LINE_TOO_LONG", "two", bad, bad, "four"]);
    expect(log.slice(6)).toEqual(["END", "FINISH", "CLOSE"]);
  });

  test("after our own end nobody is asked for an answer, which would throw", async () => {
    for (const badLines of ["close", "discard"] as const) {
      const reactor = reactorOf();
      const log: string[] = [];
      const onBadLine = (self: LineStream): void => void self.write("ERROR");
      const handler = { ...recorder(log), onBadLine };
      const { lines, peer } = open(reactor, handler, { lineBytesMax: 8, badLines });
      lines.end("bye");
      send(peer, `one\n${"x".repeat(20)}\ntwo\n`);
      peer.shutdown("write");
      await drive(reactor, way, () => log.at(-1)?.startsWith("CLOSE") === true);
      const rest = badLines === "close" ? ["CLOSE ERR_LINE_TOO_LONG"] : ["two", "END", "CLOSE"];
      expect(log.filter((word) => word !== "FINISH")).toEqual(["one", ...rest]);
    }
  });

  test("pause() in onBadLine holds back the next line", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const handler = { ...recorder(log), onBadLine: (self: LineStream) => self.pause() };
    const { lines, peer } = open(reactor, handler, { lineBytesMax: 8, badLines: "discard" });
    send(peer, `one\n${"x".repeat(20)}\ntwo\n`);
    await drive(reactor, way, () => log.length > 0);
    turns(reactor, 3);
    expect(log).toEqual(["one"]);
    lines.resume();
    await drive(reactor, way, () => log.length > 1);
    expect(log).toEqual(["one", "two"]);
  });

  test("discarded without a word, too, if nobody asks", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { peer } = open(reactor, quiet(log), { lineBytesMax: 8, badLines: "discard" });
    send(peer, `${"x".repeat(20)}\ntwo\n`);
    await drive(reactor, way, () => log.length > 0);
    expect(log).toEqual(["two"]);
  });

  test("onBadLine may destroy, and nothing follows", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const handler = { ...recorder(log), onBadLine: (self: LineStream) => self.destroy() };
    const { peer } = open(reactor, handler, { lineBytesMax: 8 });
    send(peer, `${"x".repeat(20)}\ntwo\n`);
    await drive(reactor, way, () => log.length > 0);
    turns(reactor, 3);
    expect(log).toEqual(["CLOSE"]);
    expect(reactor.stats().timers).toBe(0);
  });

  test("destroy() in onLine: no line after it", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { peer } = open(reactor, {
      ...recorder(log),
      onLine: (self, line) => {
        log.push(line);
        self.destroy(new Error("enough"));
      },
    });
    send(peer, "one\ntwo\n");
    await drive(reactor, way, () => log.length > 1);
    turns(reactor, 2);
    expect(log).toEqual(["one", "CLOSE enough"]);
  });

  test("a handler that throws loses its stream, and the reactor hears of it", async () => {
    const errors: unknown[] = [];
    const reactor = reactorOf({ onError: (error) => errors.push(error) });
    const log: string[] = [];
    const meant = new Error("of onLine");
    const onLine = (): void => {
      throw meant;
    };
    const { peer } = open(reactor, { ...recorder(log), onLine });
    send(peer, "one\ntwo\n");
    await drive(reactor, way, () => log.length > 0);
    expect(log).toEqual(["CLOSE of onLine"]);
    expect(errors).toEqual([meant]);
  });

  test("back-pressure: write says stop, onDrain comes, nothing is lost", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const { lines, peer } = open(reactor, recorder(log), {}, { writeMarks: { high: 1000 } });
    const line = "x".repeat(10_000);
    let count = 1;
    while (lines.write(line)) count += 1;
    while (lines.stream.pendingBytes < 4_000_000) {
      lines.write(line);
      count += 1;
    }
    const got = collect(reactor, peer);
    await drive(reactor, way, () => log.includes("DRAIN"));
    lines.end();
    await drive(reactor, way, () => got.isEnded);
    expect(got.bytes().length).toBe(count * (line.length + 2));
  });

  test("a deadline ends it, unless onTimeout takes it", async () => {
    const reactor = reactorOf();
    const log: string[] = [];
    const timeouts = { readMs: 5 };
    const plain = open(reactor, recorder(log), {}, { timeouts });
    await drive(reactor, way, () => plain.stream.isDestroyed);
    expect(log).toEqual(["CLOSE ERR_STREAM_TIMEOUT"]);
    const asked: string[] = [];
    const { stream } = open(
      reactor,
      { onTimeout: (_, which) => asked.push(which) },
      {},
      { timeouts },
    );
    await drive(reactor, way, () => asked.length === 2);
    expect(stream.isDestroyed).toBe(false);
  });
});

test("in memory: two line streams talk", () => {
  const reactor = reactorOf();
  const [left, right] = streamPair(reactor);
  const log: string[] = [];
  new LineStream(right, { onLine: (self, line) => self.write(line.toUpperCase()) });
  const lines = new LineStream(left, recorder(log));
  lines.write("hello");
  lines.write("again");
  turns(reactor, 6);
  expect(log).toEqual(["HELLO", "AGAIN"]);
  lines.end();
  expect(reactor.runBlocking()).toBe("empty");
  expect(log).toEqual(["HELLO", "AGAIN", "FINISH", "END", "CLOSE"]);
});

test("what came in may go out, and nothing else: no part of a line is a line of its own", () => {
  const reactor = reactorOf();
  const { lines, peer } = open(reactor);
  for (const line of ["a\r\nQUIT", "a\nb", "a\rb", "a\0b", "\n"]) {
    for (const act of [() => lines.write(line), () => lines.end(line), () => encodeLine(line)]) {
      expect(errorOf(act)).toMatchObject({ code: "ERR_LINE_CHARACTER" });
    }
  }
  expect(errorOf(() => lines.write(5 as never))).toMatchObject({ code: "ERR_INVALID_ARG_TYPE" });
  expect(lines.isWritable).toBe(true);
  lines.write("fine");
  turns(reactor, 1);
  expect(String(receiveAll(peer))).toBe("fine\r\n");
});

test("bytes that the stream has read already are the first lines", () => {
  const reactor = reactorOf();
  const log: string[] = [];
  const { stream, peer } = joined(reactor, {
    onData: (self) => void new LineStream<BufferedStream>(self, recorder(log)),
  });
  send(peer, "one\ntwo\n");
  turns(reactor, 3);
  expect(log).toEqual(["one", "two"]);
  stream.destroy();
});

test("without onLine nothing is read; a handler that comes later gets all", () => {
  const reactor = reactorOf();
  const { lines, peer } = open(reactor);
  send(peer, "one\ntwo\n");
  turns(reactor, 3);
  const log: string[] = [];
  lines.handler = recorder(log);
  lines.resume();
  turns(reactor, 3);
  expect(log).toEqual(["one", "two"]);
});

test("wrong options are refused at once: also a limit that the stream never reaches", () => {
  const reactor = reactorOf();
  const { stream } = joined(reactor, {}, { readMarks: { high: 100 } });
  const make = (options: LineStreamOptions) => () => new LineStream(stream, {}, options);
  for (const lineBytesMax of [0, -1, 1.5, Number.NaN, Infinity, 99]) {
    expect(errorOf(make({ lineBytesMax })), String(lineBytesMax)).toMatchObject({
      code: "ERR_OUT_OF_RANGE",
    });
  }
  expect(errorOf(make({ badLines: "keep" as never }))).toMatchObject({ code: "ERR_OUT_OF_RANGE" });
  expect(errorOf(() => new LineStream(stream, 5 as never, { lineBytesMax: 10 }))).toMatchObject({
    code: "ERR_INVALID_ARG_TYPE",
  });
  expect(stream.handler).toEqual({});
  const lines = new LineStream(stream, {}, { lineBytesMax: 98 });
  expect(() => {
    lines.handler = undefined as never;
  }).toThrow(TypeError);
});

test("the longest line that a stream's mark allows gets through", () => {
  const reactor = reactorOf();
  const log: string[] = [];
  const options = { lineBytesMax: 98 };
  const { peer } = open(reactor, recorder(log), options, { readMarks: { high: 100 } });
  send(peer, `${"x".repeat(98)}\r\n${"y".repeat(98)}\r\n`);
  turns(reactor, 10);
  expect(log.map((line) => line.length)).toEqual([98, 98]);
});
