/** Networks that tell each other their acts. */
import { describe, expect, test } from "vitest";
import type { Act } from "../../../../src/demos/chat/network/act.js";
import { ChatNetwork } from "../../../../src/demos/chat/network/chat-network.js";
import { MemoryPeer } from "./memory-peer.js";
import { stateOf } from "./state-of.js";

const AT = Date.UTC(2026, 0, 31, 12);

/** Servers whose acts wait until they are exchanged. */
class Side {
  now = AT;
  readonly network: ChatNetwork;
  readonly outbox: Act[] = [];

  constructor(serverId: string) {
    const now = (): number => this.now;
    this.network = new ChatNetwork({ serverId, serverName: `${serverId}.test`, now });
    this.network.onAct = (act) => this.outbox.push(act);
  }

  enter(nick: string) {
    const peer = new MemoryPeer();
    const session = this.network.connect(peer);
    session.receive(`NICK ${nick}`);
    session.receive("USER u 0 * :Name");
    expect(session.isRegistered).toBe(true);
    peer.take();
    return { peer, say: (line: string) => session.receive(line), session };
  }

  hear(acts: readonly Act[]): void {
    // As they come over the wire.
    for (const act of acts) this.network.apply(JSON.parse(JSON.stringify(act)));
  }
}

/** Each hears what the other has done, until nobody has anything to say. */
function exchange(a: Side, b: Side): void {
  for (let rounds = 0; a.outbox.length + b.outbox.length > 0; rounds += 1) {
    expect(rounds).toBeLessThan(10);
    const [fromA, fromB] = [a.outbox.splice(0), b.outbox.splice(0)];
    b.hear(fromA);
    a.hear(fromB);
  }
}

/** Two servers find each other: what was before is told by the snapshots alone. */
function meet(a: Side, b: Side): void {
  for (const side of [a, b]) side.outbox.length = 0;
  const [ofA, ofB] = [a.network.snapshot(), b.network.snapshot()];
  b.hear(ofA);
  a.hear(ofB);
  exchange(a, b);
}

describe("joined servers", () => {
  test("have the same rooms, and what is said reaches both", () => {
    const [a, b] = [new Side("aaa"), new Side("bbb")];
    const alice = a.enter("alice");
    const bob = b.enter("bob");
    alice.say("JOIN #a");
    alice.say("TOPIC #a :tea");
    alice.say("MODE #a +k-n key");
    meet(a, b);
    bob.say("JOIN #a key");
    expect(bob.peer.take()).toEqual([
      ":bob!~u@127.0.0.1 JOIN #a",
      ":bbb.test 332 bob #a :tea",
      `:bbb.test 333 bob #a alice!~u@127.0.0.1 ${AT / 1000}`,
      ":bbb.test 353 bob = #a :@alice bob",
      ":bbb.test 366 bob #a :End of /NAMES list",
    ]);
    alice.peer.take();
    exchange(a, b);
    bob.say("PRIVMSG #a :hello");
    bob.say("PRIVMSG alice :psst");
    bob.say("NOTICE alice :hm");
    alice.say("MODE #a +v bob");
    exchange(a, b);
    expect(alice.peer.take()).toEqual([
      ":bob!~u@127.0.0.1 JOIN #a",
      ":alice!~u@127.0.0.1 MODE #a +v bob",
      ":bob!~u@127.0.0.1 PRIVMSG #a :hello",
      ":bob!~u@127.0.0.1 PRIVMSG alice :psst",
      ":bob!~u@127.0.0.1 NOTICE alice :hm",
    ]);
    expect(bob.peer.take()).toEqual([":alice!~u@127.0.0.1 MODE #a +v bob"]);
    expect(stateOf(a.network)).toEqual(stateOf(b.network));
  });

  test("each know who is away, invite, kick, kill and leave across", () => {
    const [a, b] = [new Side("aaa"), new Side("bbb")];
    const options = { serverId: "ccc", operators: new Map([["root", "secret"]]) };
    const c = new ChatNetwork({ ...options, now: () => AT });
    const alice = a.enter("alice");
    const bob = b.enter("bob");
    alice.say("JOIN #a");
    alice.say("MODE #a +i");
    bob.say("AWAY :lunch");
    bob.say("MODE bob +w");
    meet(a, b);
    bob.peer.take();
    alice.peer.take();
    alice.say("INVITE bob #a");
    expect(alice.peer.take()).toEqual([
      ":aaa.test 341 alice bob #a",
      ":aaa.test 301 alice bob :lunch",
    ]);
    exchange(a, b);
    expect(bob.peer.take()).toEqual([":alice!~u@127.0.0.1 INVITE bob #a"]);
    bob.say("JOIN #a");
    exchange(a, b);
    alice.say("KICK #a bob :bye");
    exchange(a, b);
    expect(bob.peer.take().at(-1)).toBe(":alice!~u@127.0.0.1 KICK #a bob :bye");
    expect(stateOf(a.network)).toEqual(stateOf(b.network));
    // A third one, with an operator.
    const peer = new MemoryPeer();
    const root = c.connect(peer);
    for (const line of ["NICK root", "USER r 0 * :r", "OPER root secret"]) root.receive(line);
    const acts: Act[] = [...c.snapshot()];
    c.onAct = (act) => acts.push(act);
    for (const act of [...a.network.snapshot(), ...b.network.snapshot()]) c.apply(act);
    root.receive("WALLOPS :careful");
    root.receive("KILL bob :spam");
    a.hear(acts);
    b.hear(acts);
    expect(bob.peer.take()).toEqual([
      ":root!~r@127.0.0.1 WALLOPS :careful",
      "ERROR :Closing Link: 127.0.0.1 (Killed (root (spam)))",
    ]);
    expect(bob.peer.isClosed).toBe(true);
    for (const act of b.outbox) c.apply(act);
    exchange(a, b);
    expect([...c.users()].map((user) => user.nick)).toEqual(["root", "alice"]);
    alice.say("WHOWAS bob");
    expect(alice.peer.take().some((line) => line.startsWith(":aaa.test 314 alice bob"))).toBe(true);
  });

  test("questions are answered with what is known of other servers", () => {
    const [a, b] = [new Side("aaa"), new Side("bbb")];
    const alice = a.enter("alice");
    b.enter("bob");
    meet(a, b);
    const ask = (line: string): string[] => {
      alice.peer.take();
      alice.say(line);
      return alice.peer.take();
    };
    expect(ask("LINKS")).toEqual([
      ":aaa.test 364 alice aaa.test aaa.test :0 A chat on socket-reactor",
      ":aaa.test 364 alice bbb aaa.test :1 A chat on socket-reactor",
      ":aaa.test 365 alice * :End of /LINKS list",
    ]);
    expect(ask("WHOIS bob")[1]).toBe(":aaa.test 312 alice bob bbb :A chat on socket-reactor");
    expect(ask("WHO bob")[0]).toBe(":aaa.test 352 alice * ~u 127.0.0.1 bbb bob H :1 Name");
    expect(ask("LUSERS")[0]).toBe(
      ":aaa.test 251 alice :There are 1 users and 1 invisible on 2 servers",
    );
    expect(a.network.stats()).toMatchObject({ users: 2, localUsers: 1, servers: 1 });
  });

  test("when one is lost its users quit, once each, and come back with the next snapshot", () => {
    const [a, b] = [new Side("aaa"), new Side("bbb")];
    const alice = a.enter("alice");
    const bob = b.enter("bob");
    for (const { say } of [alice, bob]) for (const room of ["#a", "#b"]) say(`JOIN ${room}`);
    meet(a, b);
    const before = stateOf(a.network);
    alice.peer.take();
    a.network.dropServer("bbb", "aaa.test bbb.test");
    a.network.dropServer("bbb", "again");
    a.network.dropServer("aaa", "ourselves");
    expect(alice.peer.take()).toEqual([":bob!~u@127.0.0.1 QUIT :aaa.test bbb.test"]);
    expect(a.network.stats()).toMatchObject({ users: 1, servers: 0, rooms: 2 });
    a.hear(b.network.snapshot());
    expect(stateOf(a.network)).toEqual(before);
    expect(a.outbox).toEqual([]);
  });

  test("when they meet, rooms have the operators, masks and flags of both", () => {
    const [a, b] = [new Side("aaa"), new Side("bbb")];
    const alice = a.enter("alice");
    const bob = b.enter("bob");
    alice.say("JOIN #a");
    bob.say("JOIN #a");
    for (const line of ["MODE #a -n+mbI x z", "MODE #a +kl zebra 5"]) alice.say(line);
    alice.say("MODE #a +v alice");
    for (const line of ["MODE #a -t+se y", "MODE #a +kl apple 9"]) bob.say(line);
    b.now -= 60_000;
    bob.say("TOPIC #a :earlier");
    alice.say("TOPIC #a :later");
    alice.peer.take();
    meet(a, b);
    expect(alice.peer.take()).toEqual([
      ":bob!~u@127.0.0.1 JOIN #a",
      ":bob!~u@127.0.0.1 MODE #a +nsokle bob apple 9 y!*@*",
    ]);
    expect(stateOf(a.network)).toEqual(stateOf(b.network));
    const [room] = a.network.rooms();
    expect([...(room?.flags ?? [])].sort()).toEqual(["m", "n", "s", "t"]);
    expect(room).toMatchObject({ key: "apple", limit: 9, topic: { text: "later" } });
    const signs = [...(room?.members.values() ?? [])].map((member) => member.sign(true));
    expect(signs).toEqual(["@+", "@"]);
  });
});

describe("of two with one nickname", () => {
  test("the elder keeps it, and the younger is told", () => {
    const [a, b] = [new Side("aaa"), new Side("bbb")];
    b.now += 1;
    const elder = a.enter("sam");
    const younger = b.enter("Sam");
    younger.say("JOIN #b");
    younger.peer.take();
    meet(a, b);
    expect(younger.peer.take()).toEqual([
      ":bbb.test 436 Sam Sam :Nickname collision with an elder user",
      ":Sam!~u@127.0.0.1 NICK :Guest-bbb-1",
      ":bbb.test NOTICE Guest-bbb-1 :You are Guest-bbb-1 now: choose another name with NICK",
    ]);
    expect(elder.peer.take()).toEqual([]);
    expect(stateOf(a.network)).toEqual(stateOf(b.network));
    younger.say("NICK tom");
    younger.say("NICK Guest-bbb-1");
    younger.say("NICK Guest-aaa-1");
    expect(younger.peer.take().at(-1)).toBe(
      ":bbb.test 432 Guest-bbb-1 Guest-aaa-1 :Erroneous nickname",
    );
  });

  test("of the same age the lesser id counts, on both sides", () => {
    const [a, b] = [new Side("aaa"), new Side("bbb")];
    a.enter("sam");
    b.enter("sam");
    meet(b, a);
    expect([...a.network.users()].map((user) => user.nick).sort()).toEqual(["Guest-bbb-1", "sam"]);
    expect(stateOf(a.network)).toEqual(stateOf(b.network));
  });

  test("those who choose it at the same time end the same everywhere", () => {
    const [a, b] = [new Side("aaa"), new Side("bbb")];
    const elder = a.enter("sam");
    b.now += 1;
    const younger = b.enter("tom");
    meet(a, b);
    elder.say("NICK neo");
    younger.say("NICK neo");
    exchange(a, b);
    expect(stateOf(a.network)).toEqual(stateOf(b.network));
    expect([...b.network.users()].map((user) => user.nick).sort()).toEqual(["Guest-bbb-1", "neo"]);
    // And then they part again.
    elder.say("NICK sam");
    younger.say("NICK neo");
    exchange(a, b);
    expect(stateOf(a.network)).toEqual(stateOf(b.network));
  });
});

describe("a server that only hears of others", () => {
  const enter = (id: string, nick: string, at: number): Act => {
    return { act: "enter", user: { id, nick, username: "~u", host: "h", realname: "x", at } };
  };

  test("renames the younger of two, in whatever order they come", () => {
    const elder = enter("bbb.1", "sam", AT);
    const younger = enter("ccc.1", "SAM", AT + 1);
    for (const acts of [
      [elder, younger],
      [younger, elder],
    ]) {
      const side = new Side("aaa");
      const alice = side.enter("alice");
      alice.say("JOIN #a");
      const at = AT;
      const joins: Act[] = acts.map((act) => {
        const user = act.act === "enter" ? act.user.id : "";
        return { act: "join", user, room: "#a", privileges: "", at };
      });
      side.hear(acts.flatMap((act, n) => [act, joins[n] ?? act]));
      const nicks = [...side.network.users()].map((user) => `${user.id} ${user.nick}`).sort();
      expect(nicks).toEqual(["aaa.1 alice", "bbb.1 sam", "ccc.1 Guest-ccc-1"]);
      // Acts of ours are ours: their own server says the same of them.
      expect(side.outbox.map((act) => act.act)).toEqual(["enter", "join"]);
    }
  });

  test("sees who opens a room that is here already become its operator, too", () => {
    const side = new Side("aaa");
    const alice = side.enter("alice");
    alice.say("JOIN #a");
    alice.peer.take();
    const join: Act = { act: "join", user: "bbb.1", room: "#A", privileges: "ov", at: AT - 5 };
    side.hear([enter("bbb.1", "bob", AT), join, join]);
    expect(alice.peer.take()).toEqual([":bob!~u@h JOIN #a", ":aaa.test MODE #a +ov bob bob"]);
    expect([...side.network.rooms()][0]?.createdAt).toBe(AT - 5);
  });
});

describe("what comes back of our own acts", () => {
  test("is nothing new, unless others have changed modes meanwhile", () => {
    const side = new Side("aaa");
    const alice = side.enter("alice");
    side.outbox.length = 0;
    for (const line of ["JOIN #a", "MODE #a +m", "MODE #a -m", "MODE #a +k x", "MODE #a +k y"]) {
      alice.say(line);
    }
    alice.peer.take();
    for (const act of side.outbox) side.network.confirm(act);
    expect(alice.peer.take()).toEqual([]);
    // Everybody hears: the last of ours, then another server's, then this one.
    alice.say("MODE #a +m");
    const bob = { id: "bbb.1", nick: "bob", username: "~u", host: "h", realname: "x", at: AT };
    const changes = [{ isSet: false, letter: "m" }];
    side.hear([
      { act: "enter", user: bob },
      { act: "mode", user: "bbb.1", room: "#a", changes },
    ]);
    const [room] = side.network.rooms();
    expect(room?.flags.has("m")).toBe(false);
    for (const act of side.outbox.slice(-1)) side.network.confirm(act);
    expect(room?.flags.has("m")).toBe(true);
  });
});

describe("acts that make no sense", () => {
  const known: Act = {
    act: "enter",
    user: { ...{ id: "bbb.1", nick: "bob", username: "~u", host: "h", realname: "B", at: AT } },
  };
  const user = "bbb.1";
  const join: Act = { act: "join", user, room: "#b", privileges: "o", at: AT };
  const senseless: readonly Act[] = [
    { act: "rename", user: "bbb.9", nick: "x" },
    { act: "rename", user, nick: "a b" },
    { act: "rename", user, nick: "Guest-ccc-1" },
    { act: "join", user: "bbb.9", room: "#b", privileges: "", at: AT },
    { act: "join", user, room: "#a b", privileges: "", at: AT },
    { act: "join", user, room: "#c", privileges: "", at: Number.NaN },
    { act: "part", user, room: "#none", reason: "" },
    { act: "part", user, room: "#b", reason: "x\r\nQUIT" },
    { act: "kick", user, room: "#b", whom: "bbb.9", reason: "" },
    { act: "kick", user, room: "#none", whom: user, reason: "" },
    { act: "say", user, to: "#none", text: "x", isNotice: false, at: AT },
    { act: "say", user, to: "aaa.1", text: "x\ny", isNotice: false, at: AT },
    { act: "say", user, to: "aaa.9", text: "x", isNotice: false, at: AT },
    { act: "say", user: "bbb.9", to: "aaa.1", text: "x", isNotice: false, at: AT },
    { act: "say", user, to: "aaa.1", text: "x".repeat(600), isNotice: false, at: AT },
    { act: "topic", by: "a b", room: "#b", text: "x", at: AT },
    { act: "topic", by: "a", room: "#none", text: "x", at: AT },
    { act: "mode", user, room: "#none", changes: [{ isSet: true, letter: "i" }] },
    { act: "mode", user, room: "#b", changes: [{ isSet: true, letter: "x" }] },
    { act: "mode", user, room: "#b", changes: [{ isSet: true, letter: "k", argument: "a b" }] },
    { act: "mode", user, room: "#b", changes: [{ isSet: true, letter: "l", argument: "-1" }] },
    { act: "mode", user, room: "#b", changes: [{ isSet: true, letter: "o", argument: "bbb.9" }] },
    { act: "mode", user, room: "#b", changes: [{ isSet: true, letter: "b", argument: ":x" }] },
    { act: "invite", user, room: "#none", whom: "aaa.1" },
    { act: "away", user: "bbb.9", reason: "x" },
    { act: "away", user, reason: "\n" },
    { act: "wallops", user: "bbb.9", text: "x" },
    { act: "kill", user: "bbb.9", whom: "aaa.1", reason: "x" },
    { act: "quit", user: "bbb.9", reason: "x" },
    // What our own users did comes from nobody else.
    { act: "quit", user: "aaa.1", reason: "x" },
    { act: "say", user: "aaa.1", to: "aaa.1", text: "x", isNotice: false, at: AT },
    { ...known, user: { ...known.user, id: "aaa.7" } },
    { ...known, user: { ...known.user, id: "x" } },
    { ...known, user: { ...known.user, id: "bbb.2", host: ":h" } },
    { ...known, user: { ...known.user, id: "bbb.2", nick: "" } },
    { ...known, user: { ...known.user, id: "bbb.2", username: "a b" } },
    { ...known, user: { ...known.user, id: "bbb.2", realname: "\0" } },
  ];
  for (const act of senseless) {
    test(`change nothing: ${JSON.stringify(act)}`.slice(0, 150), () => {
      const side = new Side("aaa");
      const alice = side.enter("alice");
      side.hear([known, join]);
      side.outbox.length = 0;
      const before = stateOf(side.network);
      side.hear([act]);
      expect(stateOf(side.network)).toEqual(before);
      expect([alice.peer.take(), side.outbox]).toEqual([[], []]);
    });
  }

  test("a user who enters again with another name was renamed meanwhile", () => {
    const side = new Side("aaa");
    side.hear([known, known, { ...known, user: { ...known.user, nick: "rob" } }]);
    expect([...side.network.users()].map((found) => found.nick)).toEqual(["rob"]);
  });
});
