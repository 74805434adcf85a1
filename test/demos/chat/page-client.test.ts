/** The page as a client of IRC: how it enters, and how it comes back. */
import { describe, expect, test } from "vitest";
import {
  client,
  enterLobby,
  listener,
  ME,
  receive,
  register,
  rooms,
  takeSent,
  textsOf,
  type,
} from "./page-model.js";
import { type IrcMessageModule, loadModule } from "./page-modules.js";

const { alternateNick } = await loadModule<IrcMessageModule>("irc-message");

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
    expect(lobby.unread).toBe(0); // somebody looks
  });
});

test("another nickname is as long as the first at most", () => {
  expect([1, 2, 3].map((attempt) => alternateNick("anna", attempt))).toEqual([
    ...["anna_", "anna__", "anna_3"],
  ]);
  expect(alternateNick("x".repeat(30), 4)).toBe(`${"x".repeat(28)}_4`);
});
