/** The page's client of IRC without a page: which lines go out, and what becomes of those that come. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  type ClientListener,
  type ClientModule,
  type CommandsModule,
  loadModule,
  type Client as PageClient,
  type Rooms as PageRooms,
  type Room,
  type RoomsModule,
} from "./page-modules.js";

const { Client, alternateNick } = await loadModule<ClientModule>("client");
const { Rooms, CONVERSATIONS_MAX } = await loadModule<RoomsModule>("rooms");
const { runInput, MESSAGES_MAX } = await loadModule<CommandsModule>("commands");
const { LINES_MAX } = await loadModule<{ LINES_MAX: number }>("room");

const CAPABILITIES = "batch server-time echo-message multi-prefix";
const ME = ":anna!~web@127.0.0.1";

let sent: string[];
let isConnected: boolean;
let client: PageClient;
let rooms: PageRooms;
let listener: { [Name in keyof ClientListener]: ReturnType<typeof vi.fn> };

beforeEach(() => {
  sent = [];
  isConnected = true;
  rooms = new Rooms();
  const names = ["onRegistered", "onNick", "onNickRefused", "onRefused", "onList"];
  listener = Object.fromEntries(names.map((name) => [name, vi.fn()])) as typeof listener;
  const send = (line: string): boolean => isConnected && sent.push(line) > 0;
  client = new Client({ rooms, send, listener });
});

function receive(...lines: string[]): void {
  for (const line of lines) client.receive(line);
}

/** What has gone out since the last time. */
function takeSent(): string[] {
  return sent.splice(0);
}

/** Connects; the server's greeting comes. */
function register(nick = "anna"): void {
  client.opened();
  receive(`:s CAP * LS :x ${CAPABILITIES}=1 cap-notify`, `:s CAP ${nick} ACK :${CAPABILITIES}`);
  receive(`:s 001 ${nick} :Welcome`, `:s 005 ${nick} CHANTYPES=# NICKLEN=30 :are supported`);
  receive(`:s 422 ${nick} :No MOTD`);
  takeSent();
}

/** Is registered, and in #lobby with bob, who is an operator. */
function enterLobby(): Room {
  client.choose("anna");
  rooms.show(rooms.open("room", "#lobby"));
  rooms.active.isWanted = true;
  register();
  receive(`${ME} JOIN #lobby`, ":s 353 anna = #lobby :anna @+bob", ":s 366 anna #lobby :End");
  return rooms.active;
}

function type(input: string): string | undefined {
  return runInput({ client, rooms, browse: () => {}, quit: () => {} }, input);
}

const textsOf = ({ lines }: Room) => lines.map(({ text, events }) => text ?? events);

describe("who enters", () => {
  test("says who it is, agrees on what both can, and goes where it wants to be", () => {
    client.choose("anna");
    rooms.open("room", "#lobby").isWanted = true;
    client.opened();
    expect(takeSent()).toEqual(["CAP LS :302", "NICK :anna", "USER web 0 * :anna"]);
    receive(":s CAP * LS * :batch server-time sasl", ":s CAP * LS :echo-message");
    expect(takeSent()).toEqual(["CAP REQ :batch server-time echo-message"]);
    receive(":s CAP anna ACK :batch server-time echo-message");
    expect(takeSent()).toEqual(["CAP :END"]);
    receive(":s 001 anna :Welcome");
    expect(listener.onRegistered).toHaveBeenCalledOnce();
    expect(takeSent()).toEqual([]);
    receive(":s 376 anna :End of MOTD");
    expect(takeSent()).toEqual(["JOIN :#lobby"]);
  });

  test("enters where nothing is offered, and where CAP is not known", () => {
    client.choose("anna");
    client.opened();
    receive(":s CAP * LS :sasl");
    expect(takeSent()).toContain("CAP :END");
    receive(":s 421 * CAP :Unknown command", ":s 001 anna :Welcome");
    expect(listener.onRefused).not.toHaveBeenCalled();
    expect(client.isRegistered).toBe(true);
  });

  test("is asked for another nickname if it is taken", () => {
    client.choose("anna");
    client.opened();
    takeSent();
    receive(":s 433 * anna :Nickname is already in use");
    expect(listener.onNickRefused).toHaveBeenCalledWith("anna", "Nickname is already in use");
    expect(takeSent()).toEqual([]);
    client.rename("anna2");
    expect(takeSent()).toEqual(["NICK :anna2"]);
    receive(":s 001 anna2 :Welcome");
    expect(client).toMatchObject({ nick: "anna2", wanted: "anna2" });
  });

  test("hears why the server will not take it", () => {
    client.choose("anna");
    client.opened();
    receive(":s 465 anna :You are banned", "ERROR :Closing Link: \x02banned\x02");
    expect(listener.onRefused).toHaveBeenCalledWith("You are banned");
    expect(client.lastError).toBe("Closing Link: banned");
  });
});

describe("who comes back", () => {
  test("finds its nickname taken by its ghost, takes another, and has it again when that is gone", () => {
    const lobby = enterLobby();
    client.lost();
    expect(lobby).toMatchObject({ isJoined: false, isWanted: true });
    expect(lobby.members.size).toBe(0);
    client.opened();
    takeSent();
    receive(":s 433 * anna :Nickname is already in use", ":s 433 * anna_ :Nickname is in use");
    expect(takeSent()).toEqual(["NICK :anna_", "NICK :anna__"]);
    expect(listener.onNickRefused).not.toHaveBeenCalled();
    receive(":s 001 anna__ :Welcome", ":s 376 anna__ :End");
    expect(takeSent()).toEqual(["JOIN :#lobby"]);
    expect(client).toMatchObject({ nick: "anna__", wanted: "anna" });
    receive(":anna__!~web@h JOIN #lobby", ":s 353 anna__ = #lobby :anna__ anna bob");
    receive(`${ME} QUIT :Ping timeout`);
    expect(takeSent()).toEqual(["NICK :anna"]);
    receive(":anna__!~web@h NICK :anna");
    expect(client).toMatchObject({ nick: "anna", wanted: "anna" });
    receive(":bob!b@h QUIT :bye");
    expect(takeSent()).toEqual([]);
  });

  test("is asked in the end, if all the others are taken, too", () => {
    client.choose("anna", true);
    client.opened();
    for (let i = 0; i < 6; i++) receive(":s 433 * x :Nickname is already in use");
    expect(listener.onNickRefused).toHaveBeenCalledOnce();
  });

  test("rejoins its rooms, those with a key by themselves, and many in several lines", () => {
    enterLobby();
    type("/join #secret word");
    expect(takeSent()).toEqual(["JOIN #secret :word"]);
    receive(`${ME} JOIN #secret`);
    const many = Array.from({ length: 30 }, (_, i) => `#a-rather-long-name-of-a-room-${i}`);
    for (const name of many) receive(`${ME} JOIN ${name}`);
    client.lost();
    client.opened();
    takeSent();
    receive(":s 001 anna :Welcome", ":s 376 anna :End");
    const joins = takeSent();
    expect(joins[0]).toBe("JOIN #secret :word");
    for (const line of joins) expect(line.length).toBeLessThan(510);
    const joined = joins.slice(1).flatMap((line) => line.slice("JOIN :".length).split(","));
    expect(joined).toEqual(["#lobby", ...many]);
  });

  test("sees what was said meanwhile once, in its place, and the rest not twice", () => {
    const lobby = enterLobby();
    const said = (time: string, text: string) => `time=${time} :bob!b@h PRIVMSG #lobby :${text}`;
    const first = said("2026-11-23T10:00:00.000Z", "before");
    const second = said("2026-11-23T10:00:01.000Z", "meanwhile");
    receive(`@${first}`);
    client.lost();
    register();
    receive(`${ME} JOIN #lobby`, ":s BATCH +h chathistory #lobby");
    receive(`@batch=h;${first}`, `@batch=h;${second}`, `@batch=h;${second}`);
    expect(textsOf(lobby)).not.toContain("meanwhile"); // it comes all at once
    receive(":s BATCH -h");
    expect(textsOf(lobby)).toEqual([
      ...["You have joined", "before", "The connection is lost"],
      ...["meanwhile", "meanwhile", "You are back"], // said twice in one moment
    ]);
    expect(lobby.unread).toBe(0);
  });
});

describe("in rooms", () => {
  test("people come, go, and have other names", () => {
    const lobby = enterLobby();
    receive(":carl!c@h JOIN #lobby", ":carl!c@h NICK :karl", ":bob!b@h MODE #lobby +o-v karl bob");
    expect(lobby.sortedMembers()).toEqual([
      { nick: "bob", privileges: "@" },
      { nick: "karl", privileges: "@" },
      { nick: "anna", privileges: "" },
    ]);
    receive(":karl!c@h PART #lobby :bye", ":bob!b@h KICK #lobby dora :spam", ":bob!b@h QUIT");
    expect([...lobby.members.keys()]).toEqual(["anna"]);
    const { events } = lobby.lines.at(-1) as { events: { nick: string }[] };
    expect(events.map(({ nick }) => nick)).toEqual([
      ...["carl", "carl", "karl", "bob", "karl", "dora", "bob"],
    ]);
  });

  test("a thousand who leave at once make one line", () => {
    const lobby = enterLobby();
    const before = lobby.lines.length;
    for (let i = 0; i < 1000; i++) receive(`:n${i}!x@h JOIN #lobby`);
    for (let i = 0; i < 1000; i++) receive(`:n${i}!x@h QUIT :*.net *.split`);
    expect(lobby.lines).toHaveLength(before + 1);
    expect(lobby.lines.at(-1)?.events?.length).toBeLessThan(100);
    expect(lobby.members.size).toBe(2);
  });

  test("only the last lines are kept", () => {
    const lobby = enterLobby();
    for (let i = 0; i < LINES_MAX + 50; i++) receive(`:bob!b@h PRIVMSG #lobby :line ${i}`);
    expect(lobby.lines).toHaveLength(LINES_MAX);
    expect(lobby.lines[0]?.text).toBe("line 50");
  });

  test("the unread are counted where nobody looks, and calls are told apart", () => {
    const lobby = enterLobby();
    receive(`${ME} JOIN #other`, ":bob!b@h PRIVMSG #other :hello", ":bob!b@h PRIVMSG #lobby :x");
    const other = rooms.find("#OTHER") as Room;
    expect([lobby.unread, other.unread, other.isCalled]).toEqual([0, 1, false]);
    receive(":bob!b@h PRIVMSG #other :hello Anna!", `${ME} PRIVMSG #other :mine`);
    expect([other.unread, other.isCalled, rooms.unreadCount()]).toEqual([2, true, 2]);
    rooms.look(false);
    receive(":bob!b@h PRIVMSG #lobby :y");
    expect(lobby.unread).toBe(1);
    rooms.look(true);
    rooms.show(other);
    expect(rooms.unreadCount()).toBe(0);
  });

  test("one is put out, and not back at the next connection", () => {
    const lobby = enterLobby();
    receive(":bob!b@h KICK #lobby anna :enough");
    expect(lobby).toMatchObject({ isJoined: false, isWanted: false });
    expect(lobby.lines.at(-1)).toMatchObject({
      kind: "error",
      text: "bob has put you out: enough",
    });
  });

  test("the topic is that of the server, without formats", () => {
    const lobby = enterLobby();
    receive(":s 332 anna #lobby :about \x02us\x02");
    expect(lobby.topic).toBe("about us");
    receive(":bob!b@h TOPIC #lobby :");
    expect(lobby.topic).toBe("");
  });
});

describe("conversations", () => {
  test("are opened by whoever speaks first, and follow a new nickname", () => {
    enterLobby();
    receive(":bob!b@h PRIVMSG anna :psst", `${ME} PRIVMSG bob :what?`);
    const room = rooms.find("BOB") as Room;
    expect(room).toMatchObject({ kind: "private", name: "bob", unread: 1, isCalled: true });
    expect(textsOf(room)).toEqual(["psst", "what?"]);
    receive(":bob!b@h NICK :robert");
    expect(rooms.find("robert")).toBe(room);
    expect(rooms.find("bob")).toBeUndefined();
  });

  test("are not opened by notices, nor by requests of programs", () => {
    const lobby = enterLobby();
    receive(":bob!b@h NOTICE anna :automatic", ":bob!b@h PRIVMSG anna :\x01VERSION\x01");
    expect(rooms.find("bob")).toBeUndefined();
    expect(textsOf(lobby)).toContain("automatic");
    expect(takeSent()).toEqual([]);
  });

  test("that strangers open have an end: the oldest that was read goes", () => {
    enterLobby();
    receive(":first!x@h PRIVMSG anna :hello");
    rooms.show(rooms.find("first") as Room);
    rooms.show(rooms.find("#lobby") as Room);
    for (let i = 0; i < CONVERSATIONS_MAX + 20; i++) receive(`:n${i}!x@h PRIVMSG anna :spam`);
    expect(rooms.all()).toHaveLength(CONVERSATIONS_MAX + 2);
    expect(rooms.find("first")).toBeUndefined();
    expect(rooms.find(`n${CONVERSATIONS_MAX + 19}`)).toBeDefined();
  });
});

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
    isConnected = false;
    client.lost();
    expect(type("hello")).toMatch(/Not connected/);
    expect(type("/nick x")).toMatch(/Not connected/);
    isConnected = true;
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

test("no line of a server breaks the page", () => {
  enterLobby();
  const commands = [
    "PRIVMSG",
    "JOIN",
    "PART",
    "KICK",
    "MODE",
    "TOPIC",
    "NICK",
    "BATCH",
    "CAP",
    "INVITE",
  ];
  const numbers = ["001", "005", "322", "332", "353", "401", "433", "999"];
  for (const command of [...commands, "QUIT", "NOTICE", "ERROR", "PING", "__PROTO__", ...numbers]) {
    for (const words of [
      "",
      " ",
      " :",
      " anna",
      " #lobby",
      " #lobby +o",
      " +x chathistory",
      " = #lobby :@ +",
    ]) {
      for (const source of ["", ": ", ":! ", ":bob!b@h ", `${ME} `]) {
        expect(() =>
          client.receive(`@time=never;batch= ${source}${command}${words}`),
        ).not.toThrow();
      }
    }
  }
});

test("another nickname is as long as the first at most", () => {
  expect([1, 2, 3].map((attempt) => alternateNick("anna", attempt))).toEqual([
    ...["anna_", "anna__", "anna_3"],
  ]);
  expect(alternateNick("x".repeat(30), 4)).toBe(`${"x".repeat(28)}_4`);
});
