/** What transports rely on: the life of a connection, and the figures of the network. */
import { describe, expect, test } from "vitest";
import { ChatNetwork } from "../../../../src/demos/chat/network/chat-network.js";
import { HELP_TEXTS } from "../../../../src/demos/chat/network/commands/help-texts.js";
import { COMMANDS } from "../../../../src/demos/chat/network/commands/table.js";
import { INVITES_MAX } from "../../../../src/demos/chat/network/limits.js";
import { enter, MemoryPeer } from "./memory-peer.js";

describe("a session", () => {
  test("has the name that it may have, and is registered with both NICK and USER", () => {
    const network = new ChatNetwork();
    const session = network.connect(new MemoryPeer());
    expect([session.nick, session.isRegistered, session.isClosed]).toEqual(["*", false, false]);
    expect(network.stats()).toMatchObject({ users: 0, unregistered: 1 });
    session.receive("NICK bob");
    expect([session.nick, session.isRegistered]).toEqual(["bob", false]);
    session.receive("USER u 0 * :x");
    expect([session.nick, session.isRegistered]).toEqual(["bob", true]);
    expect(network.stats()).toMatchObject({ users: 1, localUsers: 1, unregistered: 0, lines: 2 });
  });

  test("that leaves is heard of once, whoever says it again", () => {
    const network = new ChatNetwork();
    const [alice, bob] = [enter(network, "alice", ""), enter(network, "bob", "")];
    for (const { session } of [alice, bob]) session.receive("JOIN #a");
    alice.peer.take();
    bob.session.leave("connection reset");
    bob.session.leave("again");
    bob.session.error("again");
    bob.session.receive("PRIVMSG #a :still there?");
    bob.session.ping();
    bob.session.badLine("ERR_LINE_TOO_LONG");
    expect(alice.peer.take()).toEqual([":bob!~u@127.0.0.1 QUIT :connection reset"]);
    // The transport has done that, and nothing can be sent any more.
    expect([bob.peer.isClosed, bob.session.isClosed]).toEqual([false, true]);
    expect(network.stats()).toMatchObject({ users: 1, rooms: 1 });
  });

  test("that is given up is told why", () => {
    const network = new ChatNetwork();
    const [alice, bob] = [enter(network, "alice", ""), enter(network, "bob", "")];
    for (const { session } of [alice, bob]) session.receive("JOIN #a");
    bob.peer.take();
    alice.peer.take();
    bob.session.error("Ping timeout: 240 seconds");
    bob.session.error("again");
    expect(bob.peer.take()).toEqual(["ERROR :Closing Link: 127.0.0.1 (Ping timeout: 240 seconds)"]);
    expect(bob.peer.isClosed).toBe(true);
    expect(alice.peer.take()).toEqual([":bob!~u@127.0.0.1 QUIT :Ping timeout: 240 seconds"]);
  });

  test("that never registered leaves without a word", () => {
    const network = new ChatNetwork();
    const [left, given] = [new MemoryPeer(), new MemoryPeer("::1")];
    network.connect(left).leave("gone");
    network.connect(given).error("Registration timeout");
    expect(left.take()).toEqual([]);
    expect(given.take()).toEqual(["ERROR :Closing Link: 0::1 (Registration timeout)"]);
    expect(network.stats()).toMatchObject({ users: 0, unregistered: 0 });
  });

  test("is asked for a sign of life", () => {
    const { peer, session } = enter(new ChatNetwork({ serverName: "s.test" }), "bob", "");
    session.ping();
    expect(peer.take()).toEqual(["PING :s.test"]);
  });

  test("is told of bad lines, and goes on", () => {
    const { peer, session } = enter(new ChatNetwork({ serverName: "s.test" }), "bob", "");
    session.badLine("ERR_LINE_TOO_LONG");
    session.badLine("ERR_LINE_BAD_BYTE");
    expect(peer.take()).toEqual([
      ":s.test 417 bob :Input line was too long",
      ":s.test NOTICE bob :A line with a NUL, a CR or an LF inside was dropped",
    ]);
    expect(session.isClosed).toBe(false);
  });

  test("takes a line of 510 bytes and no longer one", () => {
    const { peer, session } = enter(new ChatNetwork({ serverName: "s.test" }), "bob", "");
    session.receive(`PING :${"x".repeat(504)}`);
    session.receive(`PING :${"世".repeat(168)}`);
    session.receive(`PING :${"世".repeat(168)}x`);
    const replies = peer.take().map((line) => line.split(" ")[1]);
    expect(replies).toEqual(["PONG", "PONG", "417"]);
  });

  test("cannot be told two lines by any field of one", () => {
    const network = new ChatNetwork({ serverName: "s.test" });
    const bob = enter(network, "bob", "");
    const evil = network.connect(new MemoryPeer("evil\r\nhost :x"));
    for (const line of ["NICK evil", "USER :a\u2028b c\td 0 * x", "USER a:b 0 * ::x\u0007 y"]) {
      evil.receive(line);
    }
    expect(evil.isRegistered).toBe(true);
    evil.receive("PRIVMSG bob :x\r\nPRIVMSG bob :y");
    evil.receive("PRIVMSG bob :x\u2028y");
    bob.session.receive("WHOIS evil");
    const [said, whois] = bob.peer.take();
    expect(said).toBe(":evil!~ab@evilhost:x PRIVMSG bob :x\u2028y");
    expect(whois).toBe(":s.test 311 bob evil ~ab evilhost:x * ::x y");
  });
});

describe("a network", () => {
  test("speaks to everybody who is registered", () => {
    const network = new ChatNetwork({ serverName: "s.test" });
    const [alice, bob] = [enter(network, "alice", ""), enter(network, "bob", "server-time")];
    const stranger = new MemoryPeer();
    network.connect(stranger);
    network.noticeAll("The backplane is lost");
    expect(alice.peer.take()).toEqual([":s.test NOTICE * :The backplane is lost"]);
    expect(bob.peer.take()[0]).toMatch(/^@time=\S+ :s\.test NOTICE \* :The backplane is lost$/);
    expect(stranger.take()).toEqual([]);
  });

  test("has an id of its own, and a name that can stand in a line", () => {
    const [a, b] = [new ChatNetwork(), new ChatNetwork()];
    expect(a.serverId).toMatch(/^[0-9a-z]{8}$/);
    expect(a.serverId).not.toBe(b.serverId);
    expect(a.serverName).toBe("chat.localhost");
    for (const serverId of ["", "A", "a.b", "123456789"]) {
      expect(() => new ChatNetwork({ serverId })).toThrow(RangeError);
    }
    expect(() => new ChatNetwork({ serverName: "a b" })).toThrow(/serverName must match .*"a b"/);
    expect(() => new ChatNetwork({ networkName: ":x" })).toThrow(RangeError);
  });

  test("tells its acts after they were done", () => {
    const network = new ChatNetwork({ serverId: "here", now: () => 5 });
    const seen: string[] = [];
    network.onAct = (act) => {
      seen.push(`${act.act} ${network.stats().users} ${network.stats().rooms}`);
    };
    const bob = enter(network, "bob", "");
    for (const line of ["JOIN #a", "PRIVMSG #a :x", "QUIT"]) bob.session.receive(line);
    expect(seen).toEqual(["enter 1 0", "join 1 1", "say 1 1", "quit 0 0"]);
    expect(network.onAct).toBeTypeOf("function");
  });

  test("forgets the oldest of those who left, and of invitations", () => {
    const network = new ChatNetwork({ limits: { whowasMax: 2, roomsPerUserMax: 100 } });
    const alice = enter(network, "alice", "");
    for (const nick of ["b1", "b2", "b3"]) enter(network, nick, "").session.leave("x");
    const find = (nick: string): string | undefined => {
      alice.session.receive(`WHOWAS ${nick}`);
      return alice.peer.take()[0]?.split(" ")[1];
    };
    expect([find("b1"), find("b2"), find("b3")]).toEqual(["406", "314", "314"]);
    const bob = enter(network, "bob", "");
    for (let n = 0; n <= INVITES_MAX; n += 1) {
      for (const line of [`JOIN #${n}`, `MODE #${n} +i`, `INVITE bob #${n}`]) {
        alice.session.receive(line);
      }
    }
    bob.peer.take();
    bob.session.receive("JOIN #0,#1");
    expect(bob.peer.take().map((line) => line.split(" ")[1])).toEqual([
      "473",
      "JOIN",
      "353",
      "366",
    ]);
  });

  test("explains each of its commands", () => {
    expect(Object.keys(HELP_TEXTS)).toEqual([...COMMANDS.keys()].sort());
    const { peer, session } = enter(new ChatNetwork(), "bob", "");
    for (const name of ["", ...COMMANDS.keys()]) session.receive(`HELP ${name}`);
    const codes = peer.take().map((line) => line.split(" ")[1]);
    const starts = codes.filter((code) => code === "704").length;
    expect(codes.filter((code) => code === "706")).toHaveLength(starts);
    expect(starts).toBe(COMMANDS.size + 1);
  });
});
