/** Names, masks, and text on its way into lines. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  fold,
  guestNick,
  hostOf,
  isGuestNick,
  isKey,
  isNick,
  isRoomName,
  isServiceNick,
  maskOf,
  matches,
  usernameOf,
} from "../../../../src/demos/chat/network/names.js";
import { cutBytes, fitLine, packWords } from "../../../../src/demos/chat/network/text.js";
import { anyText } from "./any-text.js";

describe("nicknames", () => {
  const good = [
    "a",
    "Bob",
    "[a]\\`_^{|}-9",
    "Žofie",
    "иван",
    "花子",
    "a".repeat(30),
    "Guest-ab1-7",
  ];
  const bad = [
    ...["", "1a", "-a", "a b", "a!b", "a@b", "a,b", ":a", "#a", "a.b", "a*", "a?", "a\u0007"],
    ...["a".repeat(31), "世".repeat(21), "a\u200db", "bob\ufe0f", "\u3164", "😀", "\u0301a"],
  ];
  test("may have letters of any script", () => {
    for (const nick of good) expect([nick, isNick(nick)]).toEqual([nick, true]);
  });
  test("may have nothing that is no word, no name, or not to be seen", () => {
    for (const nick of bad) expect([nick, isNick(nick)]).toEqual([nick, false]);
  });
  test("that clients trust with passwords are recognised", () => {
    expect(["NickServ", "ｎickserv", "CHANſERV"].map(isServiceNick)).toEqual([true, true, true]);
    expect(["nickserver", "observ", "conserv"].map(isServiceNick)).toEqual([false, false, false]);
  });
  test("that are given are recognised", () => {
    expect(guestNick("ab1.7")).toBe("Guest-ab1-7");
    expect(isNick(guestNick("abcdefgh.999999999999999"))).toBe(true);
    expect([
      isGuestNick("gUEST-ab1-7"),
      isGuestNick("guest-x"),
      isGuestNick("ｇuest-ab1-7"),
    ]).toEqual([true, false, true]);
  });
});

test("rooms may have anything but blanks, commas and what is not to be seen", () => {
  for (const name of ["#a", "##", "#c++", "#größe", "#世界", "#a:b", "#😀", `#${"x".repeat(49)}`]) {
    expect([name, isRoomName(name)]).toEqual([name, true]);
  }
  for (const name of [
    "",
    "#",
    "a",
    "&a",
    "#a b",
    "#a,b",
    "#a\u0007",
    "#\u200b",
    "#\u3000x",
    "#a\u2800",
  ]) {
    expect([name, isRoomName(name)]).toEqual([name, false]);
  }
  expect(isRoomName(`#${"x".repeat(50)}`)).toBe(false);
  expect(isRoomName(`#${"世".repeat(34)}`)).toBe(false);
});

test("names are the same in any case and width", () => {
  expect(fold("Bob")).toBe(fold("ＢＯＢ"));
  expect(fold("ÀÉ")).toBe(fold("a\u0300e\u0301"));
  const text = anyText(20);
  fc.assert(
    fc.property(text, (x) => {
      expect(fold(fold(x))).toBe(fold(x));
    }),
  );
});

test("names are the same with either small sigma, and masks hold however a name goes on", () => {
  expect(fold("ΟΔΟΣ")).toBe(fold("οδοσ"));
  expect(fold("ΟΔΟΣ")).toBe(fold("οδος"));
  expect(matches(fold("ΟΔΟΣ*!*@*"), fold("ΟΔΟΣΑ!~u@h"))).toBe(true);
});

test("letters that only look alike, and the Turkish ones, are names of their own", () => {
  const names = ["admin", "ADMİN", "admın", "аdmin"];
  expect(new Set(names.map(fold)).size).toBe(4);
  expect(fold("ADMIN")).toBe("admin");
});

test("usernames and hosts become words", () => {
  expect(usernameOf("bob")).toBe("~bob");
  expect(usernameOf("~a b!@:c")).toBe("~abc");
  expect(usernameOf("@@")).toBe("~user");
  expect(usernameOf("ä".repeat(20))).toBe(`~${"ä".repeat(6)}`);
  expect(hostOf("::1")).toBe("0::1");
  expect(hostOf(" a b\r\n!@c")).toBe("abc");
  expect(hostOf("")).toBe("0");
  expect(hostOf("x".repeat(100))).toHaveLength(63);
  for (const text of ["", ":", "a b", "a\u0000b", "\u202ea"]) {
    expect(hostOf(hostOf(text))).toBe(hostOf(text));
  }
});

test("keys are words", () => {
  for (const key of ["a", "a:b", "ключ", "x".repeat(32)]) expect(isKey(key)).toBe(true);
  for (const key of ["", ":a", "a b", "a,b", "a\u0001", "x".repeat(33)])
    expect(isKey(key)).toBe(false);
});

describe("masks", () => {
  test("get all their parts", () => {
    const table: Readonly<Record<string, string>> = {
      bob: "bob!*@*",
      "b*": "b*!*@*",
      "bob!u": "bob!u@*",
      "@host": "*!*@host",
      "u@host": "*!u@host",
      "!u@": "*!u@*",
      "bob!u@host": "bob!u@host",
      "*!*@::1": "*!*@::1",
      "a!b!c@d@e": "a!b!c@d@e",
    };
    for (const [text, mask] of Object.entries(table)) {
      expect([text, maskOf(text)]).toEqual([text, mask]);
      expect(maskOf(mask)).toBe(mask);
    }
  });
  test("are words of a length", () => {
    for (const text of ["", " ", "a b", "a,b", ":a", "a\u0007", "x".repeat(97)]) {
      expect([text, maskOf(text)]).toEqual([text, undefined]);
    }
  });

  test("match as regular expressions of the same meaning do", () => {
    const pattern = fc.string({ unit: fc.constantFrom(..."ab*?"), maxLength: 12 });
    const text = fc.string({ unit: fc.constantFrom(..."ab"), maxLength: 12 });
    fc.assert(
      fc.property(pattern, text, (pattern, text) => {
        const regular = pattern.replaceAll("*", ".*").replaceAll("?", ".");
        expect(matches(pattern, text)).toBe(new RegExp(`^${regular}$`).test(text));
      }),
      { numRuns: 1000 },
    );
  });

  test("that are made to take long do not", () => {
    expect(matches("*a".repeat(50), `${"a".repeat(5000)}b`)).toBe(false);
  });
});

describe("text", () => {
  test("is cut at a character's border", () => {
    expect(cutBytes("aé世😀", 10)).toBe("aé世😀");
    expect(cutBytes("aé世😀", 9)).toBe("aé世");
    expect(cutBytes("aé世😀", 5)).toBe("aé");
    expect(cutBytes("aé世😀", 0)).toBe("");
    fc.assert(
      fc.property(anyText(20), fc.nat(40), (text, most) => {
        // As it comes from UTF-8: without halves of characters.
        const whole = Buffer.from(text).toString();
        const cut = cutBytes(whole, most);
        const [next = ""] = whole.slice(cut.length);
        expect(whole.startsWith(cut)).toBe(true);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(most);
        expect(next === "" || Buffer.byteLength(cut + next) > most).toBe(true);
      }),
    );
  });

  test("never makes two lines of one", () => {
    expect(fitLine("a\r\nQUIT\0")).toBe("a  QUIT ");
    expect(fitLine("x".repeat(600))).toHaveLength(510);
  });

  test("is packed into as few lines as it takes", () => {
    expect(packWords([], 5)).toEqual([]);
    expect(packWords(["ab", "cd", "éé", "x"], 5)).toEqual(["ab cd", "éé", "x"]);
    expect(packWords(["a", "a", "a", "a"], 5)).toEqual(["a a a", "a"]);
  });
});
