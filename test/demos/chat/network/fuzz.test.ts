/**
 * Anything said by anybody in any order: nothing throws, every line is one, the tables agree with
 * each other, and a second network that hears only the acts, with a snapshot somewhere in
 * between, ends with the same users and rooms. (MemoryPeer complains of what is no line.)
 * SOCKET_REACTOR_SEED makes other runs, CHAT_ROUNDS more.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Act } from "../../../../src/demos/chat/network/act.js";
import { ChatNetwork } from "../../../../src/demos/chat/network/chat-network.js";
import { COMMANDS } from "../../../../src/demos/chat/network/commands/table.js";
import { anyText } from "./any-text.js";
import { checkInvariants } from "./invariants.js";
import { MemoryPeer } from "./memory-peer.js";
import { stateOf } from "./state-of.js";

const SEED = Number(process.env["SOCKET_REACTOR_SEED"] ?? 1);
const RUNS = Number(process.env["CHAT_ROUNDS"] ?? 30);
const SESSIONS = 5;
const AT = Date.UTC(2026, 0, 31, 12);

const NICKS = ["ann", "Ann", "bob", "žofie", "Guest-here-1", "n0", "n1", "n2", "n3", "n4"];
const ROOMS = ["#a", "#A", "#b", "#größe", "#", "#x,y", "&a"];
const WORDS = [
  ...NICKS,
  ...ROOMS,
  "#a,#b",
  "n1,n2",
  "0",
  "*",
  "*!*@h1",
  "o",
  "302",
  "batch",
  "root",
];
const MODES = [
  "+o",
  "-o",
  "+v-v",
  "+b",
  "-b",
  "+eI",
  "+k",
  "-k",
  "+l",
  "-l",
  "+imnst",
  "-nt",
  "+zz",
];

const word = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...WORDS) },
  { weight: 2, arbitrary: fc.constantFrom(...MODES) },
  { weight: 1, arbitrary: fc.nat(12).map(String) },
  { weight: 1, arbitrary: anyText(40) },
);
const text = fc.oneof(
  anyText(120),
  anyText(60),
  fc.constantFrom("x".repeat(400), "世".repeat(150), "\u0001ACTION\u0001", "a\r\nQUIT", "a\0b"),
);
const room = fc.constantFrom("#a", "#a", "#b", "#größe", "#A");
const nick = fc.constantFrom(...NICKS);
const change = fc.oneof(
  fc.tuple(fc.constantFrom("+o", "-o", "+v", "-v"), nick),
  fc.tuple(fc.constantFrom("+b", "-b", "+e", "+I"), fc.constantFrom("n1", "*!*@h1", "*!*@*", "x")),
  fc.tuple(fc.constantFrom("+k", "+l", "-k"), fc.nat(9).map(String)),
  fc.tuple(fc.constantFrom("-l", "+i", "-i", "+m", "-m", "-n", "+s", "-t", "+nt"), fc.constant("")),
);
/** Mostly what may well be done, so that much happens; and some of everything. */
const line = fc.oneof(
  { weight: 9, arbitrary: room.map((name) => `JOIN ${name}`) },
  {
    weight: 9,
    arbitrary: fc.tuple(room, change).map(([name, words]) => ["MODE", name, ...words].join(" ")),
  },
  { weight: 3, arbitrary: spoken("MODE", room, fc.constantFrom(...MODES)) },
  { weight: 3, arbitrary: fc.tuple(room, text).map(([name, said]) => `TOPIC ${name} :${said}`) },
  { weight: 3, arbitrary: fc.tuple(room, text).map(([name, said]) => `PRIVMSG ${name} :${said}`) },
  { weight: 2, arbitrary: fc.tuple(room, nick).map(([name, whom]) => `KICK ${name} ${whom} :out`) },
  { weight: 2, arbitrary: fc.tuple(room, nick).map(([name, whom]) => `INVITE ${whom} ${name}`) },
  { weight: 2, arbitrary: nick.map((name) => `NICK ${name}`) },
  { weight: 9, arbitrary: spoken(fc.constantFrom(...COMMANDS.keys()).filter(isHarmless)) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("OPER root secret", "QUIT :x", "JOIN 0", "CAP END", "AWAY :x"),
  },
  { weight: 1, arbitrary: anyText(80) },
);
const step = fc.record({
  who: fc.nat(SESSIONS - 1),
  line,
  after: fc.nat(3).map((seconds) => seconds * 500),
});

/** A command with the words given and some more, and perhaps a text. */
function spoken(command: string | fc.Arbitrary<string>, ...words: fc.Arbitrary<string>[]) {
  const name = typeof command === "string" ? fc.constant(command) : command;
  return fc
    .tuple(name, fc.tuple(...words), fc.array(word, { maxLength: 4 }), fc.option(text, { freq: 2 }))
    .map(([name, first, more, last]) =>
      [name, ...first, ...more, ...(last === null ? [] : [`:${last}`])].join(" "),
    );
}

/** Those which end sessions come by themselves, less often. */
function isHarmless(name: string): boolean {
  return !["QUIT", "KILL", "OPER"].includes(name);
}

class Crowd {
  now = AT;
  readonly network: ChatNetwork;
  readonly #places: { peer: MemoryPeer; session: ReturnType<ChatNetwork["connect"]> }[] = [];
  #connections = 0;

  constructor(serverId: string) {
    this.network = new ChatNetwork({
      ...{ serverId, operators: new Map([["root", "secret"]]), now: () => this.now },
      limits: { roomsPerUserMax: 3, roomsMax: 4, masksMax: 5, replyLinesMax: 4, usersMax: 4 },
    });
    for (let n = 0; n < SESSIONS; n += 1) this.#sit(n);
  }

  say(who: number, line: string): void {
    const place = this.#places[who];
    place?.session.receive(line);
    place?.peer.take();
    if (place?.session.isClosed) this.#sit(who);
  }

  get peers(): MemoryPeer[] {
    return this.#places.map(({ peer }) => peer);
  }

  /** A new connection in somebody's place. Most register at once, half of them with capabilities. */
  #sit(who: number): void {
    const n = this.#connections;
    this.#connections += 1;
    const peer = new MemoryPeer(`h${who}`);
    const session = this.network.connect(peer);
    this.#places[who] = { peer, session };
    if (n % 2 === 1) session.receive("CAP REQ :batch server-time echo-message multi-prefix");
    if (n % 7 === 6) return;
    for (const line of ["CAP END", `NICK n${n % 10}`, "USER u 0 * :Name"]) session.receive(line);
  }
}

test("anything said by anybody keeps everything in order, here and elsewhere", () => {
  const scenario = fc.record({
    steps: fc.array(step, { minLength: 60, maxLength: 200, size: "max" }),
    joinsAt: fc.nat(60),
  });
  fc.assert(
    fc.property(scenario, ({ steps, joinsAt }) => {
      const crowd = new Crowd("here");
      const other = new ChatNetwork({ serverId: "there", now: () => crowd.now });
      const acts: Act[] = [];
      crowd.network.onAct = (act) => acts.push(act);
      for (const [index, { who, line, after }] of steps.entries()) {
        if (index === joinsAt) acts.splice(0, acts.length, ...crowd.network.snapshot());
        crowd.now += after;
        crowd.say(who, line);
        checkInvariants(crowd.network);
      }
      for (const act of acts) other.apply(JSON.parse(JSON.stringify(act)));
      checkInvariants(other);
      expect(stateOf(other)).toEqual(stateOf(crowd.network));
      other.dropServer("here", "gone");
      expect(stateOf(other)).toEqual({ users: [], rooms: [] });
    }),
    { seed: SEED, numRuns: RUNS },
  );
}, 120_000);

test("two servers whose users do anything stay the same, if each hears the other at once", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), step), {
    minLength: 40,
    maxLength: 120,
    size: "max",
  });
  fc.assert(
    fc.property(steps, (steps) => {
      const [a, b] = [new Crowd("aaa"), new Crowd("bbb")];
      // Queued, because an act may cause others while it is applied, and they go out in their
      // order.
      const queue: [ChatNetwork, Act][] = [];
      for (const act of a.network.snapshot()) queue.push([b.network, act]);
      for (const act of b.network.snapshot()) queue.push([a.network, act]);
      a.network.onAct = (act) => queue.push([b.network, act]);
      b.network.onAct = (act) => queue.push([a.network, act]);
      const settle = (): void => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          next[0].apply(JSON.parse(JSON.stringify(next[1])));
        }
      };
      settle();
      for (const [isA, { who, line, after }] of steps) {
        a.now = b.now += after;
        (isA ? a : b).say(who, line);
        settle();
        for (const { network } of [a, b]) checkInvariants(network);
      }
      expect(stateOf(a.network)).toEqual(stateOf(b.network));
    }),
    { seed: SEED, numRuns: RUNS },
  );
}, 120_000);
