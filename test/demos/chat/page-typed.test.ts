/** What is typed into the page, and what the server says to it. */
import { describe, expect, test } from "vitest";
import {
  client,
  enterLobby,
  ME,
  receive,
  register,
  rooms,
  setConnected,
  takeSent,
  textsOf,
  type,
} from "./page-model.js";
import { type CommandsModule, loadModule, type Room } from "./page-modules.js";

const { MESSAGES_MAX } = await loadModule<CommandsModule>("commands");

describe("errors of the server stand where they belong", () => {
  test("in the room or conversation that they name, else before one's eyes", () => {
    const lobby = enterLobby();
    receive(`${ME} JOIN #other`, ":s 404 anna #other :Cannot send to channel");
    expect(textsOf(rooms.find("#other") as Room)).toContain("#other: Cannot send to channel");
    type("/msg nobody hello");
    receive(":s 401 anna nobody :No such nick");
    expect(textsOf(rooms.find("nobody") as Room)).toEqual(["nobody: No such nick"]);
    rooms.show(lobby);
    receive(":s 433 anna bob :Nickname is already in use");
    expect(lobby.lines.at(-1)).toMatchObject({ kind: "error" });
  });

  test("and who is not let in does not ask again by itself", () => {
    const lobby = enterLobby();
    client.lost();
    register();
    receive(":s 474 anna #lobby :Cannot join channel (+b)");
    expect(lobby.isWanted).toBe(false);
  });

  test("and answers to what was asked come where one is", () => {
    const lobby = enterLobby();
    receive(":s 311 anna bob ~b host * :Bob", ":s 372 anna :- of the day");
    expect(textsOf(lobby)).toContain("bob ~b host * Bob");
    expect(textsOf(rooms.server)).toContain("- of the day");
  });
});

describe("what is typed", () => {
  test.each([
    ["hello", ["PRIVMSG #lobby :hello"]],
    ["//etc", ["PRIVMSG #lobby :/etc"]],
    [
      "  one\n\n/two\r\nthree",
      ["PRIVMSG #lobby :  one", "PRIVMSG #lobby :/two", "PRIVMSG #lobby :three"],
    ],
    ["/me waves  back", ["PRIVMSG #lobby :\x01ACTION waves  back\x01"]],
    ["/join a,#b", ["JOIN :#a,#b"]],
    ["/JOIN #a word", ["JOIN #a :word"]],
    ["/msg bob how are you", ["PRIVMSG bob :how are you"]],
    ["/nick anne", ["NICK :anne"]],
    ["/topic all of it", ["TOPIC #lobby :all of it"]],
    ["/part so long", ["PART #lobby :so long"]],
    ["/whois bob", ["WHOIS :bob"]],
    ["/raw VERSION\r", ["VERSION"]],
    ["", []],
    [" \n ", []],
  ])("%j goes out", (input, lines) => {
    enterLobby();
    expect(type(input)).toBeUndefined();
    expect(takeSent()).toEqual(lines);
  });

  test.each([
    ["/nothing", /no \/nothing/],
    ["/constructor", /no \/constructor/],
    ["/usr/bin/env", /no \/usr\/bin\/env/],
    ["/join", /Which room/],
    ["/msg", /To whom/],
    ["/msg :x y", /not one word/],
    ["/msg #elsewhere hello", /not in #elsewhere/],
    ["/me", /What do you do/],
    ["/me waves\nand more", /one line/],
    [`${"line\n".repeat(30)}`, new RegExp(`more than ${MESSAGES_MAX}`)],
  ])("%j is answered, and nothing goes out", (input, answer) => {
    enterLobby();
    expect(type(input)).toMatch(answer);
    expect(takeSent()).toEqual([]);
  });

  test("a long text becomes as many lines as it needs, and nobody gets a cut one", () => {
    enterLobby();
    const text = "wörter ".repeat(150).trim();
    expect(type(text)).toBeUndefined();
    const lines = takeSent();
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      expect(Buffer.byteLength(`${ME} ${line}\r\n`)).toBeLessThanOrEqual(512);
    }
    const texts = lines.map((line) => line.slice("PRIVMSG #lobby :".length));
    expect(texts.join(" ")).toBe(text);
  });

  test("waits for a connection, and for a room that one is in", () => {
    const lobby = enterLobby();
    setConnected(false);
    client.lost();
    expect(type("hello")).toMatch(/Not connected/);
    expect(type("/nick x")).toMatch(/Not connected/);
    setConnected(true);
    register();
    receive(":s 474 anna #lobby :Cannot join channel (+b)");
    expect(type("hello")).toMatch(/not in it/);
    rooms.show(rooms.server);
    expect(type("hello")).toMatch(/Nobody listens/);
    rooms.show(lobby);
    expect(type("/part")).toBeUndefined(); // only closes it
    expect(rooms.find("#lobby")).toBeUndefined();
  });

  test("is shown when it comes back, or at once where it does not", () => {
    const lobby = enterLobby();
    type("hello");
    expect(textsOf(lobby)).not.toContain("hello");
    receive(":s CAP anna DEL :echo-message");
    type("/me waves");
    expect(lobby.lines.at(-1)).toMatchObject({ kind: "action", text: "waves", isOwn: true });
  });
});
