/** Heads as the application reads them: fields, what is lent and kept, and what a drip costs. */
import { describe, expect, test } from "vitest";
import {
  BODY,
  END,
  HEAD,
  HttpParseError,
  NEED_DATA,
  RequestParser,
} from "../../../../src/protocols/http1/index.js";
import { ByteQueue } from "../../../../src/streams/index.js";
import { byteByByte, bytesOf, describeHead } from "./support.js";

function queueOf(...texts: string[]): ByteQueue {
  const queue = new ByteQueue();
  for (const text of texts) queue.append(bytesOf(text));
  return queue;
}

const FIELDS = "Host: a\r\nAccept: x\r\nCookie: 1\r\nCOOKIE:  2 \r\nX-^: y\r\n\r\n";

describe("the fields", () => {
  const parser = new RequestParser();
  parser.next(queueOf(`GET / HTTP/1.1\r\n${FIELDS}`));
  const { head } = parser;

  test("are found in any case, joined, one by one, and in order", () => {
    expect(head.get("aCCEPT")).toBe("x");
    expect(head.get("cookie")).toBe("1, 2");
    expect(head.getAll("Cookie")).toEqual(["1", "2"]);
    expect(head.getAll("Date")).toEqual([]);
    expect([head.has("HOST"), head.has("hos"), head.has("hostt"), head.has("")]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(head.get("date")).toBeUndefined();
    expect([...head].map(([name, value]) => `${name}=${value}`)).toEqual([
      "Host=a",
      "Accept=x",
      "Cookie=1",
      "COOKIE=2",
      "X-^=y",
    ]);
    expect(head.count).toBe(5);
    expect([head.name(3), head.value(3)]).toEqual(["COOKIE", "2"]);
  });

  test("differ where only bytes that are no letters differ", () => {
    expect([head.has("x-^"), head.has("x-~"), head.has("x-\u0158")]).toEqual([true, false, false]);
  });

  test.each([-1, 5, 0.5, Number.NaN])("at %d do not exist", (index) => {
    expect(() => head.name(index)).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    expect(() => head.value(index)).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
  });
});

describe("a lent head", () => {
  /** Lends a text, calls, takes the loan back and overwrites its memory. */
  function lendTo(queue: ByteQueue, text: string, act: () => void): void {
    const arena = bytesOf(text);
    queue.lend(arena, 0, arena.length);
    act();
    queue.reclaim();
    arena.fill(0xdd);
  }
  const MESSAGE = `PURGE /p?q HTTP/1.1\r\n${FIELDS}`;
  const OTHER = "GET /other HTTP/1.1\r\nHost: other\r\nOne: 1\r\n\r\n";

  test("that is kept says the same when its memory is somebody else's", () => {
    const queue = new ByteQueue();
    const parser = new RequestParser();
    const { head } = parser;
    let lent = "";
    lendTo(queue, MESSAGE, () => {
      expect(parser.next(queue)).toBe(HEAD);
      expect(parser.head).toBe(head);
      head.keep();
      head.keep();
      expect([parser.next(queue), parser.next(queue)]).toEqual([END, NEED_DATA]);
    });
    lendTo(queue, OTHER, () => {
      expect(parser.next(queue)).toBe(HEAD);
      lent = describeHead(parser.head);
    });
    expect(parser.head).not.toBe(head);
    expect(lent).toContain('"host":"other"');
    expect(describeHead(head)).toContain(
      '"method":"PURGE","target":"/p?q","path":"/p","query":"q"',
    );
    expect([...head]).toHaveLength(5);
    expect(head.get("cookie")).toBe("1, 2");
  });

  test("that is not kept is one object for all messages", () => {
    const queue = new ByteQueue();
    const parser = new RequestParser();
    const { head } = parser;
    const targets: string[] = [];
    lendTo(queue, MESSAGE + OTHER + MESSAGE, () => {
      for (let event = parser.next(queue); event !== NEED_DATA; event = parser.next(queue)) {
        if (event === HEAD) targets.push(parser.head.target);
        expect(parser.head).toBe(head);
      }
    });
    expect(targets).toEqual(["/p?q", "/other", "/p?q"]);
  });

  test("that is not kept is empty when all is read: it shows nobody's bytes", () => {
    const queue = new ByteQueue();
    const parser = new RequestParser();
    lendTo(queue, MESSAGE, () => {
      while (parser.next(queue) !== NEED_DATA);
    });
    expect([...parser.head]).toEqual([]);
    expect(parser.head.has("host")).toBe(false);
  });

  test("is kept by the parser while its body is on the way", () => {
    const queue = new ByteQueue();
    const parser = new RequestParser();
    const { head } = parser;
    lendTo(queue, "POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab", () => {
      expect([parser.next(queue), parser.next(queue)]).toEqual([HEAD, BODY]);
      queue.drain(2);
      parser.consumed(2);
      expect(parser.next(queue)).toBe(NEED_DATA);
    });
    expect([head.target, head.get("content-length")]).toEqual(["/up", "4"]);
    lendTo(queue, "cd", () => {
      expect([parser.next(queue), parser.bodyBytes]).toEqual([BODY, 2]);
    });
    expect(parser.head).toBe(head);
  });

  test("in memory that the queue gives back is kept by the parser", () => {
    const queue = queueOf(MESSAGE);
    const parser = new RequestParser();
    expect(parser.next(queue)).toBe(HEAD);
    // Takes the block that the queue has given up.
    const other = queueOf("x".repeat(4096));
    expect(parser.head.target).toBe("/p?q");
    expect(other.length).toBe(4096);
  });

  test("is right while another parser scans, and so are two that are read in turn", () => {
    const queues = [MESSAGE, OTHER].map((text) => {
      const queue = new ByteQueue();
      const arena = bytesOf(text);
      queue.lend(arena, 0, arena.length);
      return queue;
    });
    const parsers = queues.map(() => new RequestParser());
    for (const [i, parser] of parsers.entries()) expect(parser.next(queues[i]!)).toBe(HEAD);
    const seen = parsers.map(({ head }) => [head.target, head.count, head.value(1)]);
    expect(seen).toEqual([
      ["/p?q", 5, "x"],
      ["/other", 2, "1"],
    ]);
  });
});

describe("a head in pieces", () => {
  /** Counts what is read of the queue. */
  class CountingQueue extends ByteQueue {
    reads = 0;
    copied = 0;

    override get frontBytes(): Uint8Array | undefined {
      const bytes = super.frontBytes;
      if (bytes === undefined) return undefined;
      return new Proxy(bytes, {
        get: (target, key) => {
          if (typeof key === "string" && /^\d+$/.test(key)) this.reads += 1;
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    }

    override copyOut(target: Uint8Array, at?: number, start?: number, end?: number): number {
      const n = super.copyOut(target, at, start, end);
      this.copied += n;
      return n;
    }
  }

  test.each([1, 7, 1000])("of %d bytes is looked at once", (size) => {
    const queue = new CountingQueue();
    const parser = new RequestParser();
    const head = bytesOf(`GET / HTTP/1.1\r\nHost: a\r\n${"Name: value\r\n".repeat(90)}`);
    for (let at = 0; at < head.length; at += size) {
      queue.append(head.subarray(at, at + size));
      expect(parser.next(queue)).toBe(NEED_DATA);
      expect(parser.isBetweenMessages).toBe(false);
    }
    // A byte at the end of a run is looked at once more, to see which it is.
    expect(queue.reads + queue.copied).toBeLessThan(head.length * 4);
    queue.append("\r\n");
    expect(parser.next(queue)).toBe(HEAD);
    expect(parser.head.count).toBe(91);
  });

  test("that never ends is refused when it reaches the limit, not later", () => {
    const parser = new RequestParser({ headBytesMax: 100 });
    const queue = queueOf("GET / HTTP/1.1\r\nHost: ");
    let fed = queue.length;
    expect(() => {
      for (; fed < 1000; fed += 1) {
        expect(parser.next(queue)).toBe(NEED_DATA);
        queue.append("x");
      }
    }).toThrow(HttpParseError);
    expect(fed).toBe(100);
  });
});

describe("the parser", () => {
  test("throws the same error again when it is dead", () => {
    const parser = new RequestParser();
    const errors = [0, 1].map(() => {
      try {
        return parser.next(queueOf("GET /\r\n\r\n"));
      } catch (error) {
        return error;
      }
    });
    expect(errors[0]).toBeInstanceOf(HttpParseError);
    expect(errors[1]).toBe(errors[0]);
    expect(errors[0]).toMatchObject({
      code: "ERR_HTTP_TARGET",
      status: 400,
      name: "HttpParseError",
    });
  });

  test.each([-1, 3, 0.5, Number.NaN])("refuses that %d bytes of 2 were consumed", (n) => {
    const queue = queueOf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
    const parser = new RequestParser();
    expect([parser.next(queue), parser.next(queue)]).toEqual([HEAD, BODY]);
    expect(() => parser.consumed(n)).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    parser.consumed(0);
    expect([parser.next(queue), parser.bodyBytes]).toEqual([BODY, 2]);
  });

  test("is between messages until the first byte, and after the end", () => {
    const parser = new RequestParser();
    const queue = new ByteQueue();
    const states: boolean[] = [];
    for (const byte of byteByByte(bytesOf("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"))) {
      queue.append(byte);
      states.push(parser.next(queue) === NEED_DATA && parser.isBetweenMessages);
    }
    expect(states.slice(0, 4)).toEqual([true, true, false, false]);
    expect(parser.isBetweenMessages).toBe(false);
    expect(parser.finish()).toBe(true);
    expect([parser.next(queue), parser.isBetweenMessages]).toEqual([END, true]);
  });
});
