import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { ByteQueue, LINE_LENGTH_MAX, type LineStyle } from "../../src/streams/index.js";

/** A queue of these pieces, a chunk each. */
function queueOf(...pieces: readonly (string | Uint8Array)[]): ByteQueue {
  const queue = new ByteQueue();
  for (const piece of pieces) queue.appendReference(Buffer.from(piece));
  return queue;
}

function texts(queue: ByteQueue): string[] {
  return [...queue.chunks()].map(String);
}

function drainLines(queue: ByteQueue, style?: LineStyle): string[] {
  const lines: string[] = [];
  for (;;) {
    const line = queue.readLine(style);
    if (line === undefined) return lines;
    lines.push(line);
  }
}

const outOfRange = expect.objectContaining({ name: "RangeError", code: "ERR_OUT_OF_RANGE" });
const wrongType = expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG_TYPE" });

describe("append and prepend", () => {
  test("copy: what changes afterwards does not show", () => {
    const queue = new ByteQueue();
    const bytes = Buffer.from("cd");
    queue.append(bytes);
    queue.prepend(bytes);
    bytes.fill("x");
    expect(queue.toString()).toBe("cdcd");
  });

  test("small pieces share a chunk, whose room doubles up to 64 KiB", () => {
    const queue = new ByteQueue();
    for (let i = 0; i < 2000; i++) queue.append(Buffer.alloc(100, i));
    const sizes = [...queue.chunks()].map(({ length }) => length / 1024);
    expect(sizes.slice(0, 5)).toEqual([4, 8, 16, 32, 64]);
    expect(queue.chunkCount).toBe(7);
    expect(queue.length).toBe(200_000);
    expect(queue.byteAt(199_999)).toBe(1999 & 255);
  });

  test("a large piece is one chunk of its own length", () => {
    const queue = new ByteQueue();
    queue.append(Buffer.alloc(300_000));
    expect(queue.chunkCount).toBe(1);
    expect(queue.peek().length).toBe(300_000);
  });

  test("a text is added as UTF-8, whole characters to a chunk", () => {
    const queue = new ByteQueue();
    const text = "aé€😀".repeat(3000);
    for (let i = 0; i < 10; i++) queue.append(text.slice(i, i + 4));
    expect(queue.chunkCount).toBe(1);
    queue.append(text);
    queue.append("");
    queue.append("\ud800");
    let expected = "";
    for (let i = 0; i < 10; i++) expected += Buffer.from(text.slice(i, i + 4)).toString();
    expect(queue.toString()).toBe(`${expected}${text}\ufffd`);
    for (const chunk of queue.chunks()) expect(Buffer.from(chunk.toString())).toEqual(chunk);
  });

  test("a part is added by its start and end", () => {
    const queue = new ByteQueue();
    queue.append(Buffer.from("abcdef"), 2, 4);
    queue.append(Buffer.from("abcdef"), 5);
    queue.append(Buffer.from("abcdef"), 6);
    queue.appendReference(Buffer.from("uvwxyz"), undefined, 1, 3);
    expect(queue.toString()).toBe("cdfvw");
  });

  test("a queue can be appended and prepended to itself by its views", () => {
    const queue = new ByteQueue();
    queue.append("xxabc");
    queue.drain(2);
    queue.append(queue.peek());
    queue.prepend(queue.peek(2));
    expect(queue.toString()).toBe("ababcabc");
    queue.prepend(queue.peek());
    expect(queue.toString()).toBe("ababcabcababcabc");
  });

  test("many pieces prepended share a chunk", () => {
    const queue = queueOf("end");
    for (let i = 0; i < 100; i++) queue.prepend(`${i},`);
    expect(queue.chunkCount).toBe(2);
    expect(queue.toString()).toMatch(/^99,98,.*,1,0,end$/);
  });

  test("nothing adds nothing, not even a chunk", () => {
    const queue = new ByteQueue();
    queue.append(new Uint8Array(0));
    queue.append("");
    queue.prepend("");
    queue.lend(Buffer.alloc(8), 3, 3);
    queue.reclaim();
    expect(queue.chunkCount).toBe(0);
    expect(queue.isEmpty).toBe(true);
  });

  test("a length of 2^53 is refused, and nothing is added", () => {
    const huge = Object.defineProperty(Buffer.alloc(8), "length", { value: 2 ** 52 });
    const queue = queueOf("a");
    queue.appendReference(huge);
    expect(() => queue.appendReference(huge)).toThrow(outOfRange);
    expect(queue.length).toBe(2 ** 52 + 1);
    const other = new ByteQueue();
    other.appendReference(huge);
    expect(() => other.moveTo(queue)).toThrow(outOfRange);
    expect(other.length).toBe(2 ** 52);
  });

  test("memory that cannot be had leaves the queue as it was", () => {
    const huge = Object.defineProperty(Buffer.alloc(8), "length", { value: 2 ** 50 });
    const queue = new ByteQueue();
    queue.append("abc");
    expect(() => queue.append(huge)).toThrow(RangeError);
    queue.appendReference(huge);
    expect(() => queue.pullup(2 ** 50)).toThrow(RangeError);
    expect(queue.length).toBe(2 ** 50 + 3);
    expect(queue.take(3).toString()).toBe("abc");
  });
});

describe("references", () => {
  test("are not copied, and released once, with the last byte", () => {
    const bytes = Buffer.from("abcdef");
    let released = 0;
    const queue = new ByteQueue();
    queue.append("1");
    queue.appendReference(bytes, () => released++);
    queue.append("2");
    queue.prepend("0");
    bytes[0] = 65;
    expect(queue.toString()).toBe("01Abcdef2");
    expect(queue.drain(7)).toBe(7);
    expect(released).toBe(0);
    queue.drain(1);
    expect(released).toBe(1);
    queue.clear();
    expect(released).toBe(1);
    expect(bytes.toString()).toBe("Abcdef");
  });

  test("are released by clear, take, pullup and at once if they are empty", () => {
    const calls: string[] = [];
    const queue = new ByteQueue();
    queue.appendReference(Buffer.alloc(0), () => calls.push("empty"));
    queue.appendReference(Buffer.from("ab"), () => calls.push("take"));
    queue.appendReference(Buffer.from("cd"), () => calls.push("pullup 1"));
    queue.appendReference(Buffer.from("ef"), () => calls.push("pullup 2"));
    queue.appendReference(Buffer.from("gh"), () => calls.push("clear"));
    expect(calls).toEqual(["empty"]);
    expect(queue.take(2).toString()).toBe("ab");
    expect(queue.pullup(4).toString()).toBe("cdef");
    expect(calls).toEqual(["empty", "take", "pullup 1", "pullup 2"]);
    queue.clear();
    expect(calls.at(-1)).toBe("clear");
  });

  test("go along with a move, but for a part, which is copied", () => {
    let released = 0;
    const bytes = Buffer.alloc(6, "abcdef");
    const source = new ByteQueue();
    const target = new ByteQueue();
    source.appendReference(bytes, () => released++);
    source.moveTo(target, 2);
    expect(target.frontBytes).not.toBe(bytes);
    source.moveTo(target);
    expect([...target.chunks()].at(-1)?.buffer).toBe(bytes.buffer);
    expect(released).toBe(0);
    target.clear();
    expect(released).toBe(1);
  });

  test("one buffer stands in many queues, each of which releases it", () => {
    const message = Buffer.from("to all of you");
    let holders = 3;
    const queues = [1, 2, 3].map(() => new ByteQueue());
    for (const queue of queues) queue.appendReference(message, () => holders--);
    queues[0]?.clear();
    expect(queues.map(String)).toEqual(["", "to all of you", "to all of you"]);
    for (const queue of queues) queue.clear();
    expect(holders).toBe(0);
  });

  test("onRelease may use the queue, which is in order by then", () => {
    const queue = new ByteQueue();
    const seen: number[] = [];
    queue.appendReference(Buffer.from("ab"), () => {
      seen.push(queue.length);
      queue.append("more");
    });
    queue.appendReference(Buffer.from("cd"), () => {
      seen.push(queue.length);
      queue.clear();
    });
    queue.append("e");
    expect(queue.drain(4)).toBe(4);
    expect(seen).toEqual([1, 5]);
    expect(queue.isEmpty).toBe(true);
  });

  test("an onRelease that throws keeps nobody else from being told", () => {
    const queue = new ByteQueue();
    const calls: number[] = [];
    for (const i of [1, 2, 3]) {
      queue.appendReference(Buffer.from("x"), () => {
        calls.push(i);
        if (i < 3) throw new Error(`owner ${i}`);
      });
    }
    expect(() => queue.clear()).toThrow("owner 1");
    expect(calls).toEqual([1, 2, 3]);
    expect(queue.isEmpty).toBe(true);
  });

  test("a refused one is not released", () => {
    let released = 0;
    const queue = new ByteQueue();
    expect(() => queue.appendReference(Buffer.alloc(3), () => released++, 2, 9)).toThrow(
      outOfRange,
    );
    queue.clear();
    expect(released).toBe(0);
  });
});

describe("moveTo", () => {
  const lists = [[], ["a"], ["ab", "cd"], ["a", "bcd", "ef"]];
  const cases = lists.flatMap((from) => lists.map((to) => [from, to] as const));

  test.each(cases)("moves every length of %j behind %j", (from, to) => {
    const all = from.join("");
    for (let n = 0; n <= all.length + 1; n++) {
      const source = queueOf(...from);
      const target = queueOf(...to);
      expect(source.moveTo(target, n)).toBe(Math.min(n, all.length));
      expect(target.toString()).toBe(to.join("") + all.slice(0, n));
      expect(source.toString()).toBe(all.slice(n));
      source.append("S");
      target.append("T");
      expect(target.toString()).toBe(`${to.join("")}${all.slice(0, n)}T`);
      expect(source.toString()).toBe(`${all.slice(n)}S`);
      expect(target.chunkCount).toBe([...target.chunks()].length);
    }
  });

  test("hands a whole queue over without copying", () => {
    const pieces = ["a", "b", "c"].map((letter) => Buffer.alloc(10, letter));
    const source = new ByteQueue();
    const target = queueOf("0");
    for (const piece of pieces) source.appendReference(piece);
    source.moveTo(target);
    expect([...target.chunks()].slice(1).map(({ buffer }) => buffer)).toEqual(
      pieces.map(({ buffer }) => buffer),
    );
    expect(source.isEmpty).toBe(true);
    expect(source.chunkCount).toBe(0);
  });

  test("to itself changes nothing", () => {
    const queue = queueOf("ab", "cd");
    expect(queue.moveTo(queue)).toBe(0);
    expect(queue.toString()).toBe("abcd");
  });

  test("small pieces moved one by one do not hold a block each", () => {
    const source = new ByteQueue();
    const target = new ByteQueue();
    for (let i = 0; i < 3000; i++) {
      source.append("0123456789");
      source.moveTo(target);
    }
    expect(target.length).toBe(30_000);
    expect(target.chunkCount).toBeLessThan(10);
  });
});

describe("reading", () => {
  test("drain drops from the front, at most what is there", () => {
    const queue = queueOf("ab", "cd", "ef");
    expect(queue.drain(0)).toBe(0);
    expect(queue.drain(3)).toBe(3);
    expect(texts(queue)).toEqual(["d", "ef"]);
    expect(queue.drain(100)).toBe(3);
    expect(queue.isEmpty).toBe(true);
    expect(queue.drain(1)).toBe(0);
  });

  test("peek shows the first chunk, the queue's own memory", () => {
    const queue = queueOf("ab", "cd");
    expect(queue.peek().toString()).toBe("ab");
    expect(queue.peek(1).toString()).toBe("a");
    expect(queue.peek(100).toString()).toBe("ab");
    queue.peek()[0] = 65;
    expect(queue.toString()).toBe("Abcd");
    expect(new ByteQueue().peek().length).toBe(0);
  });

  test("chunks and chunkCount show all pieces", () => {
    const queue = queueOf("ab", "c", "def");
    expect(texts(queue)).toEqual(["ab", "c", "def"]);
    expect(queue.chunkCount).toBe(3);
    expect(texts(new ByteQueue())).toEqual([]);
  });

  test("views are Buffers even of plain arrays", () => {
    const queue = new ByteQueue();
    queue.appendReference(Uint8Array.from([1, 104, 105]), undefined, 1);
    expect(queue.peek().toString()).toBe("hi");
    expect(queue.toString("hex")).toBe("6869");
  });

  test("pullup joins as much as is asked for, for every length", () => {
    for (let n = 0; n <= 6; n++) {
      const queue = queueOf("ab", "cd", "ef");
      expect(queue.pullup(n).toString()).toBe("abcdef".slice(0, n));
      expect(queue.peek().length).toBeGreaterThanOrEqual(n);
      expect(queue.toString()).toBe("abcdef");
      expect(() => queue.pullup(7)).toThrow(outOfRange);
      queue.append("!");
      expect(queue.toString()).toBe("abcdef!");
    }
  });

  test("take copies out and drains", () => {
    const queue = queueOf("ab", "cd");
    const taken = queue.take(3);
    expect(taken.toString()).toBe("abc");
    taken.fill(0);
    expect(queue.take().toString()).toBe("d");
    expect(queue.take(5).length).toBe(0);
  });

  test("copyOut consumes nothing and copies what is there and has room", () => {
    const queue = queueOf("ab", "cde", "f");
    const target = Buffer.alloc(4, ".");
    expect(queue.copyOut(target, 1, 1)).toBe(3);
    expect(target.toString()).toBe(".bcd");
    expect(queue.copyOut(target, 0, 5, 100)).toBe(1);
    expect(target.toString()).toBe("fbcd");
    expect(queue.copyOut(target, 4)).toBe(0);
    expect(queue.copyOut(target, 0, 6)).toBe(0);
    expect(queue.copyOut(target, 0, 3, 2)).toBe(0);
    expect(queue.length).toBe(6);
  });

  test("byteAt reads across chunks and throws behind the end", () => {
    const queue = queueOf("ab", "c");
    expect([0, 1, 2].map((i) => queue.byteAt(i))).toEqual([97, 98, 99]);
    expect(() => queue.byteAt(3)).toThrow(outOfRange);
    expect(() => new ByteQueue().byteAt(0)).toThrow(outOfRange);
  });
});

describe("indexOf", () => {
  const text = "abracadabra abra";

  test("finds a needle across every split of the text", () => {
    for (let split = 0; split <= text.length; split++) {
      for (let split2 = split; split2 <= text.length; split2++) {
        const queue = queueOf(text.slice(0, split), text.slice(split, split2), text.slice(split2));
        expect(queue.indexOf("acad")).toBe(3);
        expect(queue.indexOf("abra", 1)).toBe(7);
        expect(queue.indexOf("abra", 8)).toBe(12);
        expect(queue.indexOf(0x63)).toBe(4);
        expect(queue.indexOf("abrab")).toBe(-1);
      }
    }
  });

  test("the end bounds the last byte of the match", () => {
    const queue = queueOf("abra", "cad");
    expect(queue.indexOf("rac", 0, 5)).toBe(2);
    expect(queue.indexOf("rac", 0, 4)).toBe(-1);
    expect(queue.indexOf(0x63, 0, 5)).toBe(4);
    expect(queue.indexOf(0x63, 0, 4)).toBe(-1);
    expect(queue.indexOf(0x64, 0, 99)).toBe(6);
  });

  test("may start at the length, not behind it", () => {
    const queue = queueOf("abc");
    expect(queue.indexOf("c", 3)).toBe(-1);
    expect(() => queue.indexOf("c", 4)).toThrow(outOfRange);
    expect(new ByteQueue().indexOf(0)).toBe(-1);
  });

  test("an empty needle stands where the search starts", () => {
    expect(queueOf("abc").indexOf("", 2)).toBe(2);
    expect(queueOf("abc").indexOf("", 3)).toBe(3);
    expect(queueOf("abc").indexOf("", 2, 1)).toBe(-1);
  });

  test("does not find what lies in the memory outside of the queue", () => {
    const arena = Buffer.alloc(4096, "\n");
    arena.fill("a", 1000, 2000);
    const queue = new ByteQueue();
    queue.lend(arena, 1000, 2000);
    expect(queue.indexOf(10)).toBe(-1);
    expect(queue.indexOf("a\n")).toBe(-1);
    expect(queue.readLine("lf")).toBeUndefined();
    expect(queue.indexOf("aa", 990)).toBe(990);
  });
});

describe("readLine", () => {
  const text = "one\r\ntwo\nthree\rfour\r\r\n\r\n\n\0five\n\r";
  const expected: Record<LineStyle, readonly string[]> = {
    lf: ["one\r", "two", "three\rfour\r\r", "\r", "", "\0five"],
    crlf: ["one", "two", "three\rfour\r", "", "", "\0five"],
    "crlf-strict": ["one", "two\nthree\rfour\r", ""],
    any: ["one", "two", "three", "four", "\0five"],
    nul: ["one\r\ntwo\nthree\rfour\r\r\n\r\n\n"],
  };
  const styles = Object.keys(expected) as LineStyle[];

  test.each(styles)("%s: the same lines for every split of the text", (style) => {
    for (let split = 0; split <= text.length; split++) {
      expect(drainLines(queueOf(text.slice(0, split), text.slice(split)), style)).toEqual(
        expected[style],
      );
    }
  });

  test.each(styles)("%s: the same lines whether the text comes whole or in two", (style) => {
    for (let split = 0; split <= text.length; split++) {
      const queue = queueOf(text.slice(0, split));
      const lines = drainLines(queue, style);
      queue.append(text.slice(split));
      expect([...lines, ...drainLines(queue, style)]).toEqual(expected[style]);
    }
  });

  test.each(styles)("%s: the same lines byte by byte", (style) => {
    const queue = new ByteQueue();
    const lines: string[] = [];
    for (const byte of text) {
      queue.append(byte);
      lines.push(...drainLines(queue, style));
    }
    expect(lines).toEqual(expected[style]);
  });

  test("is crlf by default; a CR at the end waits for its LF", () => {
    const queue = queueOf("a\r");
    expect(queue.readLine()).toBeUndefined();
    expect(queue.readLine("crlf-strict")).toBeUndefined();
    expect(queue.length).toBe(2);
    queue.append("\n");
    expect(queue.readLine()).toBe("a");
    expect(queue.isEmpty).toBe(true);
  });

  test("any: what was read or put before in between is no rest of the run", () => {
    const queue = queueOf("a\r");
    expect(queue.readLine("any")).toBe("a");
    queue.append("\n");
    queue.prepend("\n");
    expect(queue.readLine("any")).toBe("");
    queue.append("\n");
    expect(queue.take(1).toString()).toBe("\n");
    queue.append("\nb\n");
    expect(queue.readLine("any")).toBe("");
    queue.clear();
    queue.append("\n");
    expect(queue.readLine("any")).toBe("");
  });

  test("a line's end is found after prepend, drain, and a change of style", () => {
    const queue = queueOf("abc");
    expect(queue.readLine("lf")).toBeUndefined();
    queue.prepend("x\n");
    expect(queue.readLine("lf")).toBe("x");
    expect(queue.readLine("lf")).toBeUndefined();
    queue.append("\0d");
    expect(queue.readLine("lf")).toBeUndefined();
    expect(queue.readLine("nul")).toBe("abc");
    queue.append("e\nf");
    queue.drain(1);
    expect(queue.readLine("lf")).toBe("e");
    expect(queue.readLine("lf")).toBeUndefined();
    queue.moveTo(new ByteQueue());
    queue.append("\n");
    expect(queue.readLine("lf")).toBe("");
  });

  test.each(styles)("%s: a line of maxLength passes, a longer one throws and stays", (style) => {
    const end = style === "nul" ? "\0" : "\r\n";
    const max = style === "lf" ? 6 : 5;
    for (const split of [0, 3, 5, 6, 7]) {
      const queue = queueOf(`12345${end}x`.slice(0, split), `12345${end}x`.slice(split));
      expect(queue.readLine(style, { maxLength: max })).toMatch(/^12345\r?$/);
    }
    const queue = queueOf(`123456${end}`);
    const error = expect.objectContaining({ code: "ERR_LINE_TOO_LONG" });
    expect(() => queue.readLine(style, { maxLength: max })).toThrow(error);
    expect(queue.toString()).toBe(`123456${end}`);
    expect(() => queueOf("12345678").readLine(style, { maxLength: max })).toThrow(error);
    expect(queueOf("12345").readLine(style, { maxLength: max })).toBeUndefined();
    expect(queueOf("12345678").readLine(style, { maxLength: Infinity })).toBeUndefined();
  });

  test("has a limit by default", () => {
    const queue = queueOf("a".repeat(LINE_LENGTH_MAX), "\n");
    expect(queue.readLine()?.length).toBe(LINE_LENGTH_MAX);
    queue.append("a".repeat(LINE_LENGTH_MAX + 2));
    expect(() => queue.readLine()).toThrow("longer than 65536 bytes");
  });

  test("decodes as asked, also a character that is split between chunks", () => {
    const bytes = Buffer.from("é€\n");
    for (let split = 0; split <= bytes.length; split++) {
      const queue = queueOf(bytes.subarray(0, split), bytes.subarray(split));
      expect(queue.readLine("lf")).toBe("é€");
    }
    expect(queueOf(bytes).readLine("lf", { encoding: "latin1" })).toBe("Ã©â\x82¬");
    const line = queueOf(bytes).readLine("lf", { encoding: "buffer" });
    expect(line).toEqual(Buffer.from("é€"));
    expect(queueOf("\n").readLine("lf", { encoding: "buffer" })).toEqual(Buffer.alloc(0));
  });

  test("an onRelease that appends or prepends in between does not change the line or its end", () => {
    for (const encoding of ["utf8", "buffer"] as const) {
      const queue = new ByteQueue();
      queue.appendReference(Buffer.from("ab"), () => queue.prepend("!"));
      queue.append("c\r\nd");
      expect(String(queue.readLine("crlf", { encoding } as { encoding: "utf8" }))).toBe("abc");
      expect(queue.toString()).toBe("!d");
    }
  });

  test("an unknown style or encoding throws and takes nothing", () => {
    const queue = queueOf("abc\n");
    expect(() => queue.readLine("cr" as LineStyle)).toThrow(outOfRange);
    expect(() => queue.readLine("lf", { encoding: "latin9" as "latin1" })).toThrow(TypeError);
    expect(() => queue.readLine("lf", { maxLength: -1 })).toThrow(outOfRange);
    expect(() => queue.readLine("lf", { maxLength: Number.NaN })).toThrow(outOfRange);
    expect(queue.toString()).toBe("abc\n");
  });
});

describe("a lent chunk", () => {
  const arena = Buffer.from("....abcdef....");

  test("shows as raw memory, and is gone when it is drained", () => {
    const queue = new ByteQueue();
    expect(queue.frontBytes).toBeUndefined();
    queue.lend(arena, 4, 10);
    expect(queue.frontBytes).toBe(arena);
    expect([queue.frontStart, queue.frontEnd, queue.frontIsLent]).toEqual([4, 10, true]);
    queue.drain(2);
    expect([queue.frontStart, queue.frontEnd]).toEqual([6, 10]);
    queue.drain(4);
    expect([queue.frontBytes, queue.frontStart, queue.frontEnd]).toEqual([undefined, 0, 0]);
    expect(queue.frontIsLent).toBe(false);
    queue.reclaim();
    expect(queue.isEmpty).toBe(true);
  });

  test("what is left of it is copied in place by reclaim", () => {
    const memory = Buffer.from(arena);
    const queue = queueOf("before ");
    queue.lend(memory, 4, 10);
    expect(queue.frontIsLent).toBe(false);
    queue.append(" after");
    queue.drain(8);
    expect(queue.frontIsLent).toBe(true);
    queue.reclaim();
    expect(queue.frontIsLent).toBe(false);
    expect(queue.frontBytes).not.toBe(memory);
    memory.fill(0);
    expect(queue.toString()).toBe("bcdef after");
  });

  test("unread single bytes share a block", () => {
    const queue = new ByteQueue();
    for (let i = 0; i < 3000; i++) {
      queue.lend(arena, 4, 5);
      queue.reclaim();
    }
    expect(queue.length).toBe(3000);
    expect(queue.chunkCount).toBe(1);
    queue.append("tail");
    expect(queue.take().toString()).toBe(`${"a".repeat(3000)}tail`);
  });

  test("is copied when it moves, whole or in part, and the target holds none of it", () => {
    for (let n = 0; n <= 8; n++) {
      // Not of Node's pool, which the other pieces come from.
      const memory = Buffer.alloc(arena.length, arena);
      const source = queueOf("0");
      const target = queueOf("target ");
      source.lend(memory, 4, 10);
      source.append("1");
      source.moveTo(target, n);
      for (const chunk of target.chunks()) expect(chunk.buffer).not.toBe(memory.buffer);
      source.reclaim();
      memory.fill(0);
      expect(target.toString()).toBe(`target ${"0abcdef1".slice(0, n)}`);
      expect(source.toString()).toBe("0abcdef1".slice(n));
    }
  });

  test("there is one at a time; a drained one makes room for the next", () => {
    const queue = new ByteQueue();
    queue.lend(arena, 4, 7);
    expect(() => queue.lend(arena, 7, 10)).toThrow(
      expect.objectContaining({ code: "ERR_LENT_ALREADY" }),
    );
    expect(queue.toString()).toBe("abc");
    queue.take(3);
    queue.lend(arena, 7, 10);
    queue.pullup(3);
    queue.moveTo(new ByteQueue());
    queue.lend(arena, 4, 7);
    queue.clear();
    queue.lend(arena, 4, 7);
    expect(queue.toString()).toBe("abc");
  });

  test("pullup over its end copies it", () => {
    const memory = Buffer.from(arena);
    const queue = queueOf("12");
    queue.lend(memory, 4, 10);
    expect(queue.pullup(5).toString()).toBe("12abc");
    expect(queue.pullup(8).toString()).toBe("12abcdef");
    memory.fill(0);
    queue.reclaim();
    expect(queue.toString()).toBe("12abcdef");
  });
});

describe("arguments", () => {
  const numbers: readonly [unknown, unknown][] = [
    [-1, outOfRange],
    [0.5, outOfRange],
    [Number.NaN, outOfRange],
    [Number.POSITIVE_INFINITY, outOfRange],
    [2 ** 53, outOfRange],
    ["1", wrongType],
    [null, wrongType],
    [1n, wrongType],
  ];
  const calls: readonly [string, (queue: ByteQueue, n: number) => unknown][] = [
    ["append start", (queue, n) => queue.append(Buffer.alloc(4), n)],
    ["append end", (queue, n) => queue.append(Buffer.alloc(4), 0, n)],
    ["appendReference start", (queue, n) => queue.appendReference(Buffer.alloc(4), undefined, n)],
    ["lend start", (queue, n) => queue.lend(Buffer.alloc(4), n, 4)],
    ["lend end", (queue, n) => queue.lend(Buffer.alloc(4), 0, n)],
    ["moveTo", (queue, n) => queue.moveTo(new ByteQueue(), n)],
    ["drain", (queue, n) => queue.drain(n)],
    ["peek", (queue, n) => queue.peek(n)],
    ["pullup", (queue, n) => queue.pullup(n)],
    ["take", (queue, n) => queue.take(n)],
    ["copyOut targetStart", (queue, n) => queue.copyOut(Buffer.alloc(4), n)],
    ["copyOut start", (queue, n) => queue.copyOut(Buffer.alloc(4), 0, n)],
    ["copyOut end", (queue, n) => queue.copyOut(Buffer.alloc(4), 0, 0, n)],
    ["byteAt", (queue, n) => queue.byteAt(n)],
    ["indexOf from", (queue, n) => queue.indexOf(0, n)],
    ["indexOf end", (queue, n) => queue.indexOf(0, 0, n)],
  ];

  test.each(calls)("%s: refuses what is no length, and changes nothing", (_name, call) => {
    for (const [value, error] of numbers) {
      const queue = queueOf("ab", "c");
      expect(() => call(queue, value as number), String(value)).toThrow(error as Error);
      expect(texts(queue)).toEqual(["ab", "c"]);
    }
  });

  test("refuse what is no Uint8Array, no queue, no function, no byte", () => {
    const queue = queueOf("ab");
    for (const value of [undefined, null, 5, {}, [1], new ArrayBuffer(4), new Uint16Array(2)]) {
      const bytes = value as Uint8Array;
      expect(() => queue.append(bytes)).toThrow(wrongType);
      expect(() => queue.appendReference(bytes)).toThrow(wrongType);
      expect(() => queue.prepend(bytes)).toThrow(wrongType);
      expect(() => queue.lend(bytes, 0, 1)).toThrow(wrongType);
      expect(() => queue.copyOut(bytes)).toThrow(wrongType);
      expect(() => queue.moveTo(value as unknown as ByteQueue)).toThrow(wrongType);
      if (value !== 5) expect(() => queue.indexOf(bytes)).toThrow(wrongType);
    }
    const notFunction = 5 as unknown as () => void;
    expect(() => queue.appendReference(Buffer.alloc(1), notFunction)).toThrow(wrongType);
    expect(() => queue.indexOf(256)).toThrow(outOfRange);
    expect(() => queue.indexOf(-1)).toThrow(outOfRange);
    // @ts-expect-error a text has no range
    expect(() => queue.append("abc", 1)).toThrow(wrongType);
    expect(queue.toString()).toBe("ab");
  });
});

test("a queue that is emptied, by whatever way, keeps no reference to what was in it", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const queue = new ByteQueue();
  const other = new ByteQueue();
  const refs: WeakRef<object>[] = [];
  const big = () => {
    const bytes = Buffer.alloc(1 << 20);
    refs.push(new WeakRef(bytes.buffer));
    return bytes;
  };
  const ways: (() => unknown)[] = [
    () => queue.clear(),
    () => queue.drain(queue.length),
    () => void queue.take(),
    () => queue.moveTo(other) && other.clear(),
    () => queue.pullup(queue.length) && queue.clear(),
  ];
  for (const empty of ways) {
    queue.append("a");
    queue.append(big());
    refs.push(new WeakRef(queue.pullup(1 << 20).buffer));
    queue.appendReference(big(), () => void refs.length);
    queue.lend(big(), 0, 1 << 20);
    refs.push(new WeakRef((queue.frontBytes as Uint8Array).buffer));
    empty();
    queue.reclaim();
    expect(queue.isEmpty).toBe(true);
  }
  for (let turn = 0; turn < 10 && refs.some((ref) => ref.deref() !== undefined); turn++) {
    await new Promise(setImmediate);
    collect();
  }
  expect(refs.filter((ref) => ref.deref() !== undefined)).toEqual([]);
});
