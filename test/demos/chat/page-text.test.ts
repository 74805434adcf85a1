/** The page's lines and texts: what is read of them, and what goes out. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fold as foldOfServer } from "../../../src/demos/chat/network/names.js";
import { type IrcMessageModule, type IrcTextModule, loadModule } from "./page-modules.js";

const { fold, formatMessage, parseMessage } = await loadModule<IrcMessageModule>("irc-message");
const text = await loadModule<IrcTextModule>("irc-text");

describe("the page reads lines of IRC", () => {
  test("with tags, a source, words and a text", () => {
    const line =
      "@batch=h1;time=2026-11-23T07:51:39.179Z;x :anna!~a@::1 privmsg  #lobby :hi : you ";
    const message = parseMessage(line);
    expect(Object.fromEntries(message.tags)).toEqual({
      ...{ batch: "h1", time: "2026-11-23T07:51:39.179Z", x: "" },
    });
    expect(message).toMatchObject({
      ...{ source: "anna!~a@::1", nick: "anna", command: "PRIVMSG" },
      params: ["#lobby", "hi : you "],
    });
  });

  test("with escapes in the values of tags", () => {
    expect(parseMessage("@a=\\:\\s\\\\\\r\\n\\b\\ X").tags.get("a")).toBe("; \\\r\nb");
  });

  test.each(["", " ", "@", ":", "@a", ":a", "@a=b :c", ":: ::", "@;;= ", "\u0000"])(
    "and makes something of %j",
    (line) => {
      expect(parseMessage(line).params).toBeInstanceOf(Array);
    },
  );

  test("and those that it writes are read as they were meant", () => {
    const word = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((w) => !/^:|[ \r\n\0]/.test(w));
    const last = fc.string({ unit: "grapheme" }).filter((w) => !/[\r\n\0]/.test(w));
    fc.assert(
      fc.property(fc.array(word), last, (words, end) => {
        expect(parseMessage(formatMessage("X", ...words, end)).params).toEqual([...words, end]);
      }),
    );
  });
});

describe("the page writes lines of IRC", () => {
  test("that are one line, whatever is in them", () => {
    expect(formatMessage("PRIVMSG", "#a", "x\r\nQUIT :y\0z")).toBe("PRIVMSG #a :x QUIT :y z");
  });

  test.each(["two words", ":colon", ""])("and refuses %j for one word", (word) => {
    expect(() => formatMessage("PRIVMSG", word, "text")).toThrow(TypeError);
  });

  test("and names are equal as the server has it", () => {
    expect(fold("#RÄUME")).toBe(fold("#räume"));
    expect(fold("e\u0301")).toBe(fold("\u00e9"));
  });

  test("are compared as the server compares them: in Greek, too, and wide or narrow", () => {
    for (const name of ["#ΣΑΣ", "#σασ", "#σας", "ΌΣΟΣ", "Ａｎｎａ", "ﬁn", "İstanbul", "K", "ẞ"]) {
      expect(fold(name)).toBe(foldOfServer(name));
    }
    expect(fold("#ΣΑΣ")).toBe(fold("#σασ"));
  });
});

describe("what somebody says", () => {
  test("loses its formats and shows its control characters", () => {
    expect(
      text.harmless("\x02bold\x02 \x0304,12red\x03 \x04ff0000x\x0f \x1d\x1f\x1e\x11\x16."),
    ).toBe("bold red x .");
    expect(text.harmless("a\x07\t\x7f\x85\u202egnp.exe")).toBe("a␇␉␡�\ufffdgnp.exe");
    expect(text.harmless(`${"\x03".repeat(3)}1`)).toBe("");
  });

  test("is cut where it is longer than a line can be", () => {
    const long = text.harmless("x".repeat(text.TEXT_LENGTH_MAX * 2));
    expect(long).toHaveLength(text.TEXT_LENGTH_MAX + 1);
  });

  test("is an action, or none", () => {
    expect(text.actionOf("\x01ACTION waves\x01")).toBe("waves");
    expect(text.actionOf("\x01ACTION waves")).toBe("waves");
    expect(text.actionOf("ACTION waves")).toBeUndefined();
  });

  test("calls somebody by a whole word, in any letters", () => {
    expect(text.mentions("ANNA: look", "anna")).toBe(true);
    expect(text.mentions("привет, Аня!", "аня")).toBe(true);
    expect(text.mentions("joanna looks", "anna")).toBe(false);
    expect(text.mentions("anna_: look", "anna")).toBe(false);
    expect(text.mentions("anything", "")).toBe(false);
  });

  test("has links to the web, and to nothing else", () => {
    const hrefs = (said: string) => [...text.linkParts(said)].flatMap(({ href }) => href ?? []);
    expect(hrefs("see https://a.example/x?y=1. And (http://b.example)!")).toEqual([
      ...["https://a.example/x?y=1", "http://b.example"],
    ]);
    const wiki = "https://wiki.example/Epoll_(Linux)";
    expect(hrefs(`${wiki} (${wiki}), (see ${wiki}).`)).toEqual([wiki, wiki, wiki]);
    expect(hrefs(`https://a.example/${")".repeat(4000)}`)).toEqual(["https://a.example/"]);
    expect(hrefs("javascript:alert(1) data:text/html,x https:// file:///etc")).toEqual([]);
    expect([...text.linkParts("a https://b.example, c")].map((part) => part.text).join("")).toBe(
      "a https://b.example, c",
    );
  });
});

describe("a long text", () => {
  test("is cut after a blank, if there is one", () => {
    expect(text.splitText("one two three four", 9)).toEqual(["one two", "three", "four"]);
  });

  test("falls apart between characters as people see them", () => {
    const family = "👨‍👩‍👧‍👦";
    const pieces = text.splitText(family.repeat(3), 64);
    expect(pieces).toEqual([family + family, family]);
  });

  test("is whole again when the pieces are put together, and none is too long", () => {
    const said = fc.string({ unit: "grapheme", maxLength: 200 }).map((s) => s.replace(/\s/g, "x"));
    fc.assert(
      fc.property(said, fc.integer({ min: 8, max: 60 }), (whole, bytesMax) => {
        const pieces = text.splitText(whole, bytesMax);
        expect(pieces.join("")).toBe(whole);
        for (const piece of pieces) expect(text.byteLength(piece)).toBeLessThanOrEqual(bytesMax);
      }),
    );
  });
});
