/** Whoever may publish on the channel can write anything there. */
import { describe, expect, test } from "vitest";
import { SERVERS_MAX } from "../../../src/demos/chat/backplane/other-servers.js";
import { entering, Hub, joinHub, joinTwo, MadeUp, settled } from "./backplane-hub.js";
import { enter, until } from "./backplane-support.js";

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
    hub.publish('{"v":2,"from":"newer","run":"r","n":0,"type":"hello"}');
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
