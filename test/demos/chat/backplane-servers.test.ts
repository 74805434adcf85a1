/** Several servers as one network: what they tell each other, and whoever joins later. */
import { describe, expect, test } from "vitest";
import { Hub, joinHub, joinTwo, knowEachOther, settled } from "./backplane-hub.js";
import { enter } from "./backplane-support.js";

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
    expect([a, b].map(({ backplane }) => backplane.servers)).toEqual([[], []]);
    for (const { network } of [a, b])
      expect(network.stats()).toMatchObject({ users: 1, localUsers: 1 });
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
    await settled();
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
    await settled();
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
