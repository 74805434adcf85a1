/** What is lost on the way between servers: a message, or the way itself. */
import { describe, expect, test } from "vitest";
import { RECONNECT_MAX_MS, RECONNECT_MIN_MS } from "../../../src/demos/chat/backplane/backplane.js";
import { Hub, joinHub, joinTwo, knowEachOther, settled } from "./backplane-hub.js";
import { enter, until } from "./backplane-support.js";

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
    // Its answer to the hello is kept back for a while, and would tell what is lost below.
    const isAnswer = (text: string) => /"from":"aaaa".*"type":"snapshot"/.test(text);
    await until(() => hub.texts.filter(isAnswer).length === 2);
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
    await a.log.said(/^backplane: joined at hub, as server aaaa$/, 2);
  });

  test("is tried more and more rarely if it lets us in and is lost at once", async () => {
    const hub = new Hub();
    const a = await joinHub(hub, "aaaa", { reconnectMaxMs: RECONNECT_MAX_MS });
    const before = performance.now();
    for (let loss = 1; loss <= 3; loss += 1) {
      hub.break("it broke");
      await a.log.said(/^backplane: joined at hub, as server aaaa$/, loss + 1);
    }
    // Chance takes up to half of 1, 2 and 4 times the shortest wait. Timers have whole milliseconds.
    expect(performance.now() - before).toBeGreaterThanOrEqual(3.5 * RECONNECT_MIN_MS - 3);
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
