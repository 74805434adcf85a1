/** Several servers as one network, over links in memory: what is told, lost, made up and mended. */
import { describe, expect, test } from "vitest";
import type { Backplane } from "../../../src/demos/chat/backplane/backplane.js";
import { encodeActs, encodeBody, messageStart } from "../../../src/demos/chat/backplane/message.js";
import { SERVERS_MAX } from "../../../src/demos/chat/backplane/other-servers.js";
import type { Act } from "../../../src/demos/chat/network/act.js";
import { enter, Hub, type Joined, joinHub, nextTurn, until } from "./backplane-support.js";

/** Two servers that know each other. */
async function joinTwo(): Promise<{ hub: Hub; a: Joined; b: Joined }> {
  const hub = new Hub();
  const a = await joinHub(hub, "aaaa");
  const b = await joinHub(hub, "bbbb");
  await knowEachOther(a.backplane, b.backplane);
  return { hub, a, b };
}

async function knowEachOther(...backplanes: readonly Backplane[]): Promise<void> {
  await until(() => backplanes.every(({ servers }) => servers.length === backplanes.length - 1));
}

/** Everything that is under way has arrived, and what it led to. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
}

/** What a made-up server would publish. */
class MadeUp {
  readonly hub: Hub;
  readonly start: string;
  number = 0;

  constructor(hub: Hub, id: string, run = "madeup") {
    this.hub = hub;
    this.start = messageStart(id, run);
  }

  hello(): void {
    this.hub.publish(encodeBody(this.start, this.number++, { type: "hello", name: "made.up" }));
  }

  snapshot(...acts: readonly Act[]): void {
    const text = encodeActs(this.start, this.number++, texts(acts));
    this.hub.publish(text.replace('"type":"acts"', '"type":"snapshot","part":0,"isLast":true'));
  }

  acts(...acts: readonly unknown[]): void {
    this.hub.publish(encodeActs(this.start, this.number++, texts(acts)));
  }
}

function texts(acts: readonly unknown[]): string[] {
  return acts.map((act) => JSON.stringify(act));
}

function entering(id: string, nick: string, at = 5): Act {
  const user = { id, nick, username: `~${nick}`, host: "10.9.9.9", realname: nick, at };
  return { act: "enter", user };
}

describe("two servers", () => {
  test("let people meet in a room and in private", async () => {
    const { a, b } = await joinTwo();
    const ann = enter(a.network, "ann", "#tea");
    const ben = enter(b.network, "ben");
    await settled();
    ben.say("JOIN #tea");
    await ann.hears(/^:ben!~ben@10\.0\.0\.1 JOIN #tea/);
    expect(ben.namesIn("#tea")).toEqual(["@ann", "ben"]);
    ann.say("PRIVMSG #tea :Grüß dich, 名前");
    await ben.hears(/^:ann!~ann@10\.0\.0\.1 PRIVMSG #tea :Grüß dich, 名前$/);
    ben.say("PRIVMSG ann :psst", "NOTICE ann :note");
    await ann.hears(/^:ben!~ben@10\.0\.0\.1 PRIVMSG ann :psst$/);
    await ann.hears(/^:ben!~ben@10\.0\.0\.1 NOTICE ann :note$/);
    expect([ann.count(/^:ben.* PRIVMSG/), ben.count(/^:ann.* PRIVMSG/)]).toEqual([1, 1]);
  });

  test("tell each other whatever happens in a room", async () => {
    const { a, b } = await joinTwo();
    const ann = enter(a.network, "ann", "#tea");
    await settled();
    const ben = enter(b.network, "ben", "#tea");
    const cyd = enter(b.network, "cyd", "#tea");
    await settled();
    ann.say("TOPIC #tea :with milk", "MODE #tea +mo-t ben", "KICK #tea cyd :enough");
    await ben.hears(/^:ann!.* TOPIC #tea :with milk$/);
    await ben.hears(/^:ann!.* MODE #tea \+mo-t ben$/);
    await cyd.hears(/^:ann!.* KICK #tea cyd :enough$/);
    ben.say("MODE #tea -m", "INVITE cyd #tea", "NICK benedict", "AWAY :tea", "PART #tea :off");
    await ann.hears(/^:ben!.* MODE #tea -m$/);
    await ann.hears(/^:ben!.* NICK :benedict$/);
    await ann.hears(/^:benedict!.* PART #tea :off$/);
    ann.say("PRIVMSG benedict :there?");
    expect(ann.count(/ 301 ann benedict :tea$/)).toBe(1);
    ann.say("INVITE cyd #tea");
    await cyd.hears(/^:ann!.* INVITE cyd :?#tea$/);
    cyd.say("JOIN #tea");
    await settled();
    cyd.session.leave("gone home");
    await ann.hears(/^:cyd!.* QUIT :gone home$/);
    expect(ann.namesIn("#tea")).toEqual(["@ann"]);
  });

  test("take a nickname once", async () => {
    const { a, b } = await joinTwo();
    enter(a.network, "ann");
    await settled();
    const late = enter(b.network, "Ann");
    expect(late.count(/ 433 /)).toBe(1);
    expect(late.session.isRegistered).toBe(false);
  });

  test("give a nickname that two took at one time to the elder, and agree on it", async () => {
    const hub = new Hub();
    const a = await joinHub(hub, "aaaa", { now: () => 1000 });
    const b = await joinHub(hub, "bbbb", { now: () => 2000 });
    await knowEachOther(a.backplane, b.backplane);
    const elder = enter(a.network, "sam", "#tea");
    const younger = enter(b.network, "sam", "#tea");
    await younger.hears(/^:sam!.* NICK :?Guest-bbbb-1$/);
    await settled();
    expect([elder.session.nick, younger.session.nick]).toEqual(["sam", "Guest-bbbb-1"]);
    expect(elder.namesIn("#tea")).toEqual(younger.namesIn("#tea"));
    expect(elder.namesIn("#tea")).toEqual(["@Guest-bbbb-1", "@sam"]);
    younger.say("PRIVMSG sam :you win");
    await elder.hears(/^:Guest-bbbb-1!.* PRIVMSG sam :you win$/);
  });

  test("end with one mode of a room that both change at one time", async () => {
    const { a, b } = await joinTwo();
    const ann = enter(a.network, "ann", "#tea");
    await settled();
    const ben = enter(b.network, "ben", "#tea");
    await settled();
    ann.say("MODE #tea +o ben");
    await ben.hears(/ MODE #tea \+o ben$/);
    await settled();
    ann.say("MODE #tea +m", "MODE #tea +k tea");
    ben.say("MODE #tea +m-m", "MODE #tea +k cake");
    await settled();
    const modes = [ann, ben].map((person) => {
      person.say("MODE #tea");
      return person.log.lines.findLast((line) => / 324 /.test(line))?.replace(/ 324 \w+ /, "");
    });
    expect(modes[0]).toMatch(/#tea \+k?nt/);
    expect(modes[0]).toBe(modes[1]);
  });

  test("let an operator of one end somebody of the other", async () => {
    const hub = new Hub();
    const operators = new Map([["root", "secret"]]);
    const a = await joinHub(hub, "aaaa", { operators });
    const b = await joinHub(hub, "bbbb");
    await knowEachOther(a.backplane, b.backplane);
    const ann = enter(a.network, "ann", "#tea");
    await settled();
    const ben = enter(b.network, "ben", "#tea");
    await settled();
    ann.say("OPER root secret", "KILL ben :spam");
    await ben.hears(/^ERROR :/);
    await ann.hears(/^:ben!.* QUIT :/);
    expect(ben.isClosed).toBe(true);
    expect([...b.network.users()].map(({ nick }) => nick)).toEqual(["ann"]);
  });

  test("part when one says bye", async () => {
    const { a, b } = await joinTwo();
    const ann = enter(a.network, "ann", "#tea");
    enter(b.network, "ben", "#tea");
    await ann.hears(/ JOIN #tea/, 2);
    await b.backplane.close();
    await ann.hears(/^:ben!.* QUIT :\*\.net \*\.split$/);
    expect(a.backplane.servers).toEqual([]);
    expect(a.log.count(/server bbbb is gone: it has said bye$/)).toBe(1);
  });

  test("part when one is silent, and meet again when it is heard", async () => {
    const hub = new Hub();
    const a = await joinHub(hub, "aaaa", { beatMs: 10 });
    const b = await joinHub(hub, "bbbb", { beatMs: 10 });
    const ann = enter(a.network, "ann", "#tea");
    enter(b.network, "ben", "#tea");
    await ann.hears(/ JOIN #tea/, 2);
    // b stands still: it hears itself, and nobody hears it.
    hub.delivers = (text, to) => to === 1 || !text.includes('"from":"bbbb"');
    await ann.hears(/^:ben!.* QUIT :\*\.net \*\.split$/);
    expect(a.log.count(/server bbbb is gone: it is silent$/)).toBe(1);
    expect(b.backplane.state).toBe("joined");
    hub.delivers = () => true;
    await ann.hears(/^:ben!.* JOIN #tea/, 2);
  });
});

describe("a server that joins later", () => {
  test("knows who is where, and what has been said about it", async () => {
    const hub = new Hub();
    const a = await joinHub(hub, "aaaa");
    const ann = enter(a.network, "ann", "#tea", "#日本");
    const amy = enter(a.network, "amy", "#tea");
    ann.say("MODE #tea +vl amy 5", "MODE #tea +b *!*@10.6.6.6", "TOPIC #tea :with milk");
    amy.say("AWAY :asleep");
    const b = await joinHub(hub, "bbbb");
    await knowEachOther(a.backplane, b.backplane);
    const ben = enter(b.network, "ben", "#tea", "#日本");
    expect(ben.count(/ 332 ben #tea :with milk$/)).toBe(1);
    expect(ben.namesIn("#tea")).toEqual(["+amy", "@ann", "ben"]);
    expect(ben.namesIn("#日本")).toEqual(["@ann", "ben"]);
    ben.say("MODE #tea", "MODE #tea b", "PRIVMSG amy :hi");
    expect(ben.count(/ 324 ben #tea :?\+ntl :?5$/)).toBe(1);
    expect(ben.count(/ 367 ben #tea \*!\*@10\.6\.6\.6/)).toBe(1);
    expect(ben.count(/ 301 ben amy :asleep$/)).toBe(1);
  });

  test("and had the same nicknames has them settled everywhere", async () => {
    const hub = new Hub();
    const a = await joinHub(hub, "aaaa", { now: () => 2000 });
    const young = enter(a.network, "sam", "#tea");
    const c = await joinHub(hub, "cccc");
    await knowEachOther(a.backplane, c.backplane);
    const cyd = enter(c.network, "cyd", "#tea");
    await settled();
    const late = await joinHub(hub, "dddd", { now: () => 1000 });
    const old = enter(late.network, "sam", "#tea");
    await young.hears(/ 436 /);
    await cyd.hears(/^:sam!.* NICK :?Guest-aaaa-1$/);
    await knowEachOther(a.backplane, c.backplane, late.backplane);
    expect([old.session.nick, young.session.nick]).toEqual(["sam", "Guest-aaaa-1"]);
    const names = ["@Guest-aaaa-1", "@sam", "cyd"];
    for (const person of [old, young, cyd]) expect(person.namesIn("#tea")).toEqual(names);
  });

  test("is told of more people than fit into one message", async () => {
    const hub = new Hub();
    const a = await joinHub(hub, "aaaa");
    const people = Array.from({ length: 700 }, (_, n) => enter(a.network, `p${n}`, "#tea"));
    const voices = people.map((_, n) => `p${n}`);
    for (let n = 0; n < voices.length; n += 4) {
      people[0]?.say(`MODE #tea +vvvv ${voices.slice(n, n + 4).join(" ")}`);
    }
    await settled();
    hub.texts.length = 0;
    const b = await joinHub(hub, "bbbb");
    await knowEachOther(a.backplane, b.backplane);
    const parts = hub.texts.filter((text) => text.includes('"type":"snapshot"'));
    expect(parts.filter((text) => text.startsWith('{"v":1,"from":"aaaa"')).length).toBeGreaterThan(
      2,
    );
    const ben = enter(b.network, "ben", "#tea");
    const names = ben.namesIn("#tea");
    expect(names).toHaveLength(701);
    expect(names.filter((name) => name.startsWith("+"))).toHaveLength(699);
  });
});

describe("a message that is lost", () => {
  /** The next text of a's that says so does not reach b. */
  function lose(hub: Hub, part: string): void {
    hub.delivers = (text, to) => {
      if (to !== 1 || !text.includes(part)) return true;
      hub.delivers = () => true;
      return false;
    };
  }

  test("is made up for when the next one shows the gap, without a needless quit", async () => {
    const { hub, a, b } = await joinTwo();
    const ann = enter(a.network, "ann", "#tea", "#cake");
    const amy = enter(a.network, "amy", "#tea");
    const abe = enter(a.network, "abe", "#tea");
    await settled();
    const ben = enter(b.network, "ben", "#tea", "#cake");
    ann.say("MODE #tea +o amy", "AWAY :asleep");
    await ben.hears(/ MODE #tea \+o amy$/);
    await settled();
    lose(hub, '"from":"aaaa"');
    ann.say("MODE #tea -o amy", "PART #cake", "NICK anna", "AWAY");
    abe.session.leave("gone");
    const ada = enter(a.network, "ada", "#tea");
    await settled();
    expect(ben.namesIn("#tea")).toEqual(["@amy", "@ann", "abe", "ben"]);
    ada.say("PRIVMSG #tea :did you hear?");
    await ben.hears(/^:abe!.* QUIT :\*\.net \*\.split$/);
    expect(ben.namesIn("#tea")).toEqual(["@anna", "ada", "amy", "ben"]);
    expect(ben.namesIn("#cake")).toEqual(["ben"]);
    expect(ben.count(/ QUIT /)).toBe(1);
    expect(ben.count(/^:ann!.* NICK :?anna$/)).toBe(1);
    expect(ben.count(/^:amy!.* JOIN/)).toBe(0);
    ben.say("PRIVMSG anna :awake?");
    expect(ben.count(/ 301 /)).toBe(0);
    expect(hub.texts.filter((text) => text.includes('"ask"'))).toHaveLength(1);
    amy.say("PRIVMSG #tea :now I do");
    await ben.hears(/^:amy!.* PRIVMSG #tea :now I do$/);
  });

  test("is noticed by the beat behind it", async () => {
    const hub = new Hub();
    const a = await joinHub(hub, "aaaa", { beatMs: 20 });
    const b = await joinHub(hub, "bbbb");
    await knowEachOther(a.backplane, b.backplane);
    const ben = enter(b.network, "ben", "#tea");
    await settled();
    lose(hub, '"join"');
    enter(a.network, "ann", "#tea");
    await ben.hears(/^:ann!.* JOIN #tea/);
  });

  test("is asked for again if that is lost, too", async () => {
    const hub = new Hub();
    const a = await joinHub(hub, "aaaa", { beatMs: 20 });
    const b = await joinHub(hub, "bbbb", { beatMs: 20 });
    await knowEachOther(a.backplane, b.backplane);
    const ben = enter(b.network, "ben", "#tea");
    await settled();
    let lost = 0;
    hub.delivers = (text, to) => {
      const isLost = to === 1 && lost < 3 && /"join"|"snapshot"/.test(text);
      if (isLost) lost += 1;
      return !isLost;
    };
    enter(a.network, "ann", "#tea");
    await ben.hears(/^:ann!.* JOIN #tea/);
    expect(lost).toBe(3);
  });
});

describe("a lost backplane", () => {
  test("is told to the people, who go on among themselves until all are joined again", async () => {
    const { hub, a, b } = await joinTwo();
    const ann = enter(a.network, "ann", "#tea");
    const amy = enter(a.network, "amy", "#tea");
    const ben = enter(b.network, "ben", "#tea");
    await ann.hears(/ JOIN #tea/, 3);
    await settled();
    hub.refusal = "still away";
    hub.break("it broke");
    expect([a.backplane.state, b.backplane.state]).toEqual(["lost", "lost"]);
    expect(a.log.count(/^backplane: lost at hub: it broke; /)).toBe(1);
    for (const person of [ann, amy, ben]) {
      expect(person.count(/ NOTICE .* :This server is cut off from the others/)).toBe(1);
    }
    expect(ann.count(/^:ben!.* QUIT :\*\.net \*\.split$/)).toBe(1);
    ann.say("PRIVMSG #tea :only us");
    expect(amy.count(/^:ann!.* PRIVMSG #tea :only us$/)).toBe(1);
    amy.say("NICK amelia");
    await a.log.said(/^backplane: still lost: still away$/);
    hub.refusal = undefined;
    await ben.hears(/ NOTICE .* :This server is joined with the others again$/);
    await ann.hears(/^:ben!.* JOIN #tea/, 2);
    await ben.hears(/^:amelia!.* JOIN #tea/);
    expect(ben.namesIn("#tea")).toEqual(ann.namesIn("#tea"));
    expect(ann.namesIn("#tea")).toEqual(["@ann", "@ben", "amelia"].sort());
    expect(ben.count(/only us/)).toBe(0);
    expect(a.log.count(/still lost/)).toBe(1);
    ben.say("PRIVMSG ann :back");
    await ann.hears(/^:ben!.* PRIVMSG ann :back$/);
  });

  test("keeps nothing of what is said meanwhile", async () => {
    const { hub, a } = await joinTwo();
    const ann = enter(a.network, "ann", "#tea");
    await settled();
    hub.refusal = "away";
    hub.break("it broke");
    hub.texts.length = 0;
    for (let n = 0; n < 10_000; n += 1) ann.say(`PRIVMSG #tea :${n}`);
    hub.refusal = undefined;
    await until(() => a.backplane.state === "joined" && a.backplane.servers.length === 1);
    expect(hub.texts.filter((text) => text.includes('"say"'))).toEqual([]);
  });

  test("is lost when nothing comes back of what is published", async () => {
    const hub = new Hub();
    const a = await joinHub(hub, "aaaa", { beatMs: 10 });
    await settled();
    expect(a.backplane.state).toBe("joined");
    hub.delivers = () => false;
    await a.log.said(/lost at hub: Redis does not answer/);
    hub.delivers = () => true;
    await a.log.said(/^backplane: joined at hub$/, 2);
  });

  test("can be closed while it is lost, and more than once", async () => {
    const { hub, a } = await joinTwo();
    hub.refusal = "away";
    hub.break("it broke");
    await a.backplane.close();
    await a.backplane.close();
    enter(a.network, "ann", "#tea");
    expect(a.network.onAct).toBeUndefined();
    expect(a.backplane.state).toBe("lost");
  });
});

describe("whoever publishes on the channel", () => {
  test("cannot act for the users of others", async () => {
    const { hub, a, b } = await joinTwo();
    const ann = enter(a.network, "ann", "#tea");
    const ben = enter(b.network, "ben", "#tea");
    await ann.hears(/ JOIN #tea/, 2);
    await settled();
    const mallory = new MadeUp(hub, "evil");
    mallory.hello();
    mallory.snapshot(entering("evil.1", "mallory"));
    const before = ann.log.lines.length;
    for (const user of ["aaaa.1", "bbbb.1"]) {
      mallory.acts(
        { act: "quit", user, reason: "forged" },
        { act: "say", user, to: "#tea", text: "forged", isNotice: false, at: 1 },
        { act: "enter", user: { ...entering(user, "forged") } },
        { act: "part", user, room: "#tea", reason: "forged" },
        { act: "rename", user, nick: "forged" },
        { act: "mode", user, room: "#tea", changes: [{ isSet: true, letter: "i" }] },
      );
    }
    mallory.acts({ act: "join", user: "evil.1", room: "#tea", privileges: "", at: 5 });
    await ann.hears(/^:mallory!.* JOIN #tea/);
    await ben.hears(/^:mallory!.* JOIN #tea/);
    expect(ann.log.lines.slice(before)).toHaveLength(1);
    expect(ben.count(/forged/)).toBe(0);
    for (const { log } of [a, b]) {
      expect(log.count(/server evil: an act in it is none, or not its own/)).toBe(1);
    }
  });

  test("is ignored with what is no message, and reported once", async () => {
    const { hub, a, b } = await joinTwo();
    const ann = enter(a.network, "ann", "#tea");
    await settled();
    const garbage = ["", "{", "null", "[]", "7", '"x"', "\0\r\n", "x".repeat(100_000)];
    for (const text of [...garbage, ...garbage]) hub.publish(text);
    hub.publish('{"v":2,"from":"newer","run":"r","n":0,"type":"hello","name":"n"}');
    hub.publish('{"v":2,"from":"newer","run":"r","n":1,"type":"beat"}');
    hub.publish('{"v":1,"from":"aaaa","run":"other","n":1,"type":"bye"}');
    await a.log.said(/server aaaa: it has our id/);
    expect(a.log.count(/somebody: it is no JSON object/)).toBe(1);
    expect(a.log.count(/somebody: it is too long/)).toBe(1);
    expect(a.log.count(/server newer: it speaks another version/)).toBe(1);
    expect(a.backplane.servers).toEqual(["bbbb"]);
    const ben = enter(b.network, "ben", "#tea");
    await ann.hears(/^:ben!.* JOIN #tea/);
    expect(ben.namesIn("#tea")).toEqual(["@ann", "ben"]);
  });

  test("cannot put two lines into one", async () => {
    const { hub, b } = await joinTwo();
    const ben = enter(b.network, "ben", "#tea");
    const mallory = new MadeUp(hub, "evil");
    mallory.hello();
    mallory.snapshot(entering("evil.1", "mallory"));
    const say = { act: "say", user: "evil.1", to: "#tea", isNotice: false, at: 1 };
    mallory.acts({ ...say, text: "a\r\nERROR :forged" }, { ...say, text: "b" });
    await ben.hears(/^:mallory!.* PRIVMSG #tea :b$/);
    expect(ben.count(/forged/)).toBe(0);
  });

  test("makes up so many servers and no more", async () => {
    const { hub, a } = await joinTwo();
    for (let n = 0; n < 2 * SERVERS_MAX; n += 1) {
      const server = new MadeUp(hub, `evil${n}`);
      server.hello();
      server.snapshot(entering(`evil${n}.1`, `m${n}`));
    }
    await a.log.said(/there are 64 servers already/);
    await settled();
    expect(a.backplane.servers).toHaveLength(SERVERS_MAX);
    expect(a.network.stats().users).toBe(SERVERS_MAX - 1);
  });

  test("fills no memory with users, rooms and bans", async () => {
    const hub = new Hub();
    const limits = { usersMax: 10, roomsPerUserMax: 5, masksMax: 3 };
    const a = await joinHub(hub, "aaaa", { limits });
    const mallory = new MadeUp(hub, "evil");
    mallory.hello();
    mallory.snapshot();
    const numbers = Array.from({ length: 100 }, (_, n) => n + 1);
    mallory.acts(...numbers.map((n) => entering(`evil.${n}`, `m${n}`)));
    const join = { act: "join", user: "evil.1", privileges: "o", at: 5 };
    mallory.acts(...numbers.map((n) => ({ ...join, room: `#r${n}` })));
    const changes = numbers.map((n) => ({ isSet: true, letter: "b", argument: `*!*@${n}` }));
    mallory.acts({ act: "mode", user: "evil.1", room: "#r1", changes });
    await settled();
    expect(a.network.stats()).toMatchObject({ users: 10, rooms: 5 });
    const [room] = a.network.rooms();
    expect(room?.masksCount).toBeLessThanOrEqual(8 * limits.masksMax);
    enter(a.network, "ann", "#tea");
    expect(a.network.stats()).toMatchObject({ users: 11, rooms: 6 });
  });

  test("gets a snapshot now and then, however often it is asked for", async () => {
    const { hub, a } = await joinTwo();
    enter(a.network, "ann", "#tea");
    await settled();
    hub.texts.length = 0;
    const mallory = new MadeUp(hub, "evil");
    for (let n = 0; n < 1000; n += 1) mallory.hello();
    await settled();
    const isSnapshot = (text: string) => /"from":"aaaa".*"snapshot"/.test(text);
    expect(hub.texts.filter(isSnapshot).length).toBeLessThanOrEqual(1);
    await until(() => hub.texts.some(isSnapshot));
  });

  test("cannot take the place of a server that lives", async () => {
    const { hub, a, b } = await joinTwo();
    const ann = enter(a.network, "ann", "#tea");
    const ben = enter(b.network, "ben", "#tea");
    await ann.hears(/ JOIN #tea/, 2);
    const mallory = new MadeUp(hub, "bbbb");
    mallory.hello();
    mallory.snapshot(entering("bbbb.1", "mallory"));
    mallory.acts({ act: "quit", user: "bbbb.1", reason: "forged" });
    await a.log.said(/server bbbb: another server has its id/);
    await settled();
    ben.say("PRIVMSG #tea :still me");
    await ann.hears(/^:ben!.* PRIVMSG #tea :still me$/);
    expect(ann.count(/ (QUIT|NICK) /)).toBe(0);
    expect(b.log.count(/server bbbb: it has our id/)).toBe(1);
  });

  test("with the id of a server that is silent by now has users of its own", async () => {
    const hub = new Hub();
    const a = await joinHub(hub, "aaaa", { beatMs: 10 });
    const ann = enter(a.network, "ann", "#tea");
    const join = { act: "join", user: "cccc.1", room: "#tea", privileges: "", at: 9 } as const;
    const first = new MadeUp(hub, "cccc");
    first.hello();
    first.snapshot(entering("cccc.1", "cyd"), join);
    await ann.hears(/^:cyd!.* JOIN #tea/);
    await ann.hears(/^:cyd!.* QUIT /);
    const second = new MadeUp(hub, "cccc", "later");
    second.hello();
    second.snapshot(entering("cccc.1", "dan"), join);
    await ann.hears(/^:dan!.* JOIN #tea/);
    expect(ann.count(/ NICK /)).toBe(0);
  });
});
