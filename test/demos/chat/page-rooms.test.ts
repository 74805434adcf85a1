/** The page's rooms: what becomes of the lines that come. */
import { describe, expect, test } from "vitest";
import {
  client,
  enterLobby,
  ME,
  receive,
  register,
  rooms,
  takeSent,
  textsOf,
} from "./page-model.js";
import { loadModule, type Room, type RoomsModule } from "./page-modules.js";

const { CONVERSATIONS_MAX } = await loadModule<RoomsModule>("rooms");
const { LINES_MAX } = await loadModule<{ LINES_MAX: number }>("room");

test("what was missed is counted where nobody looks, but not what was said before one came", () => {
  enterLobby();
  const history = (...texts: string[]) => {
    receive(`${ME} JOIN #other`, ":s BATCH +h chathistory #other");
    for (const text of texts) receive(`@batch=h;time=2026-11-23T10:00:00Z :bob!b@h ${text}`);
    receive(":s BATCH -h");
  };
  history("PRIVMSG #other :long ago");
  const other = rooms.find("#other") as Room;
  expect(other.unread).toBe(0);
  client.lost();
  register();
  history("PRIVMSG #other :long ago", "PRIVMSG #other :anna?", "JOIN #other");
  expect(other).toMatchObject({ unread: 1, isCalled: true });
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
    const { events } = lobby.lines.at(-1) ?? {};
    expect(events?.map(({ nick }) => nick)).toEqual([
      ...["carl", "carl", "karl", "bob", "karl", "dora", "bob"],
    ]);
  });

  test("who leaves elsewhere changes nothing here: a list of thousands is not sorted again", () => {
    const lobby = enterLobby();
    const { membersVersion } = lobby;
    receive(":stranger!s@h QUIT :bye");
    expect(lobby.membersVersion).toBe(membersVersion);
    receive(":bob!b@h QUIT :bye");
    expect(lobby.membersVersion).toBeGreaterThan(membersVersion);
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
