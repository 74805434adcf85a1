/**
 * Random people at three servers, and a channel like Redis': every act reaches everybody in one
 * order, but each server in its own time. When all has arrived all servers must tell the same.
 *
 * CHAT_ROUNDS makes more runs, SOCKET_REACTOR_SEED others; a failure names its own.
 */
import { describe, expect, test } from "vitest";
import { checkAct } from "../../../src/demos/chat/backplane/act-check.js";
import type { Act } from "../../../src/demos/chat/network/act.js";
import { ChatNetwork } from "../../../src/demos/chat/network/chat-network.js";
import { Person } from "./backplane-support.js";

const ROUNDS = Number(process.env["CHAT_ROUNDS"] ?? 100);
const SEED = Number(process.env["SOCKET_REACTOR_SEED"] ?? 1);
const STEPS = 120;
const NICKS = ["ann", "Ann", "ben", "cyd", "名前", "dan"];
const ROOMS = ["#tea", "#Tea", "#cake"];

type Pick = <T>(values: readonly T[]) => T;

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let n = Math.imul(state ^ (state >>> 15), 1 | state);
    n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n;
    return ((n ^ (n >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Servers {
  readonly networks: readonly ChatNetwork[];
  readonly #channel: { readonly from: number; readonly act: Act; readonly text: string }[] = [];
  /** How much of the channel each has heard. */
  readonly #heard: number[];

  constructor(count: number, now: () => number) {
    this.networks = Array.from({ length: count }, (_, from) => {
      const network = new ChatNetwork({ serverId: `s${from}`, now });
      network.onAct = (act) => void this.#channel.push({ from, act, text: JSON.stringify(act) });
      return network;
    });
    this.#heard = this.networks.map(() => 0);
  }

  /** Tells one server the next act, if there is one. */
  deliver(to: number): boolean {
    const next = this.#channel[this.#heard[to] ?? 0];
    if (next === undefined) return false;
    this.#heard[to] = (this.#heard[to] ?? 0) + 1;
    const act = checkAct(JSON.parse(next.text), `s${next.from}`);
    if (act === undefined) throw new Error(`What a server says is refused: ${next.text}`);
    if (next.from === to) this.networks[to]?.confirm(next.act);
    else this.networks[to]?.apply(act);
    return true;
  }

  deliverAll(): void {
    while (this.networks.map((_, to) => this.deliver(to)).includes(true));
  }
}

/** One thing that somebody does. */
function lineOf(pick: Pick, moving: boolean): string {
  const room = pick(ROOMS);
  const nick = pick(NICKS);
  const moves = [
    `JOIN ${room}`,
    `JOIN ${room}`,
    `PART ${room} :off`,
    `NICK ${nick}`,
    `NICK ${nick}`,
    `KICK ${room} ${nick} :out`,
    "AWAY :tea",
    "AWAY",
    `PRIVMSG ${pick([room, nick])} :words`,
  ];
  const sign = pick(["+", "-"]);
  const modes = [
    `MODE ${room} ${sign}${pick(["m", "i", "t", "n", "s"])}`,
    `MODE ${room} ${sign}${pick(["o", "v"])} ${nick}`,
    `MODE ${room} ${sign}b ${nick}!*@*`,
    `MODE ${room} ${sign}k ${pick(["key", "other"])}`,
    `MODE ${room} ${pick(["-l", "+l 3", "+l 9"])}`,
    `TOPIC ${room} :${pick(["milk", "sugar", ""])}`,
    `INVITE ${nick} ${room}`,
  ];
  return pick(moving ? moves : [...moves, ...modes]);
}

interface Run {
  readonly seed: number;
  /** Whether everything has arrived everywhere before the next thing happens. */
  readonly isCalm: boolean;
  /** Whether modes and topics change, too. */
  readonly hasModes?: boolean;
}

function run({ seed, isCalm, hasModes = isCalm }: Run): { servers: Servers; story: string[] } {
  const random = randomFrom(seed);
  const pick: Pick = (values) => values[Math.floor(random() * values.length)] as never;
  let now = 1000;
  const servers = new Servers(3, () => now);
  const people: { readonly person: Person; readonly at: number }[] = [];
  const story: string[] = [];
  // A room that ends on one server, while somebody enters it on another, may lose its modes there.
  const host = new Person(servers.networks[0] as ChatNetwork);
  if (hasModes && !isCalm) {
    host.say("NICK host", "USER me 0 * :me", ...ROOMS.map((room) => `JOIN ${room}`));
    servers.deliverAll();
  }
  for (let step = 0; step < STEPS; step += 1) {
    now += pick([0, 1]);
    if (host.session.isRegistered && random() < 0.3) {
      host.say(`MODE ${pick(ROOMS)} +o ${pick(NICKS)}`);
    }
    const { person, at } =
      people.length < 5 || random() < 0.02 ? arrive(servers, people, pick) : pick(people);
    const isGone = random() < 0.02;
    const line = person.session.isRegistered ? lineOf(pick, !hasModes) : `NICK ${pick(NICKS)}`;
    story.push(`s${at} ${person.session.nick}: ${isGone ? "(gone)" : line}`);
    if (isGone) person.session.leave("gone");
    else person.say(line);
    if (isCalm) servers.deliverAll();
    else for (let n = pick([0, 0, 1, 2, 5]); n > 0; n -= 1) servers.deliver(pick([0, 1, 2]));
  }
  servers.deliverAll();
  return { servers, story };
}

function arrive(
  { networks }: Servers,
  people: { readonly person: Person; readonly at: number }[],
  pick: Pick,
): { readonly person: Person; readonly at: number } {
  const at = pick([0, 1, 2]);
  const person = new Person(networks[at] as ChatNetwork);
  person.say("USER me 0 * :me");
  people.push({ person, at });
  return { person, at };
}

/** Who is there, by what name, in which rooms. */
function peopleOf(network: ChatNetwork): string[] {
  return [...network.users()]
    .map(({ id, nick, away, rooms }) => {
      const names = [...rooms.keys()].map(({ name }) => name.toLowerCase()).sort();
      return `${id} ${nick} ${away ?? "here"} ${names.join()}`;
    })
    .sort();
}

/** What holds in the rooms. */
function roomsOf(network: ChatNetwork): string[] {
  return [...network.rooms()]
    .map(({ name, members, flags, key, limit, topic, masks }) => {
      const signs = [...members].map(([user, member]) => member.sign(true) + user.id).sort();
      const bans = [...masks.b.keys()].sort();
      const modes = [[...flags].sort().join(""), key, limit, topic?.text, bans.join()].join(" ");
      return `${name.toLowerCase()} ${modes} ${signs.join()}`;
    })
    .sort();
}

test("who leaves and comes back while the kick is on its way is out on all servers", () => {
  const servers = new Servers(3, () => 1);
  const [ann, ben, cyd] = servers.networks.map((network, at) => {
    const person = new Person(network);
    person.say(`NICK ${["ann", "ben", "cyd"][at]}`, "USER me 0 * :me", "JOIN #tea");
    servers.deliverAll();
    return person;
  });
  ann?.say("KICK #tea ben :out");
  ben?.say("PART #tea", "JOIN #tea");
  servers.deliverAll();
  expect(ben?.count(/ KICK #tea ben :out$/)).toBe(1);
  expect(ann?.namesIn("#tea")).toEqual(["@ann", "cyd"]);
  expect(cyd?.namesIn("#tea")).toEqual(["@ann", "cyd"]);
  expect(ben?.namesIn("#tea")).toEqual([]);
});

test("a mode that is set and reset, while another comes in between, is reset on all servers", () => {
  const servers = new Servers(2, () => 1);
  const [ann, ben] = servers.networks.map((network, at) => {
    const person = new Person(network);
    person.say(`NICK ${["ann", "ben"][at]}`, "USER me 0 * :me");
    return person;
  });
  ann?.say("JOIN #tea");
  servers.deliverAll();
  ben?.say("JOIN #tea", "JOIN #cake");
  servers.deliverAll();
  ben?.say("MODE #cake +s"); // goes first
  ann?.say("MODE #tea +m");
  servers.deliver(0); // ben's JOIN and MODE are all that ann's server hears before the next
  ann?.say("MODE #tea -m");
  servers.deliverAll();
  const [first, second] = servers.networks.map(roomsOf);
  expect(first).toEqual(second);
  expect(first?.find((room) => room.startsWith("#tea"))).toMatch(/^#tea nt /);
});

test("who leaves and comes back while it is made an operator is one on all servers", () => {
  const servers = new Servers(2, () => 1);
  const [ann, ben] = servers.networks.map((network, at) => {
    const person = new Person(network);
    person.say(`NICK ${["ann", "ben"][at]}`, "USER me 0 * :me", "JOIN #tea");
    servers.deliverAll();
    return person;
  });
  ben?.say("PART #tea", "JOIN #tea"); // goes first
  ann?.say("MODE #tea +o ben");
  servers.deliverAll();
  expect(ann?.namesIn("#tea")).toEqual(["@ann", "@ben"]);
  expect(ben?.namesIn("#tea")).toEqual(["@ann", "@ben"]);
});

function seeds(): number[] {
  return Array.from({ length: ROUNDS }, (_, round) => SEED * 1_000_003 + round);
}

describe("servers that have heard everything agree", () => {
  test("on all there is, if each thing is known everywhere before the next happens", () => {
    for (const seed of seeds()) {
      const { servers, story } = run({ seed, isCalm: true });
      const [first, ...others] = servers.networks.map((network) => [
        ...peopleOf(network),
        ...roomsOf(network),
      ]);
      for (const other of others) expect(other, `seed ${seed}\n${story.join("\n")}`).toEqual(first);
    }
  });

  test("on who is there and by what name, if much happens at one time", () => {
    for (const seed of seeds()) {
      const { servers, story } = run({ seed, isCalm: false });
      const [first, ...others] = servers.networks.map((network) =>
        [...network.users()].map(({ id, nick, away }) => `${id} ${nick} ${away}`).sort(),
      );
      for (const other of others) expect(other, `seed ${seed}\n${story.join("\n")}`).toEqual(first);
    }
  });

  test("on what holds in the rooms, if those are there from the start", () => {
    for (const seed of seeds()) {
      const { servers, story } = run({ seed, isCalm: false, hasModes: true });
      const [first, ...others] = servers.networks.map(roomsOf);
      for (const other of others) expect(other, `seed ${seed}\n${story.join("\n")}`).toEqual(first);
    }
  });

  test("on who is in which room, too", () => {
    for (const seed of seeds()) {
      const { servers, story } = run({ seed, isCalm: false });
      const [first, ...others] = servers.networks.map(peopleOf);
      for (const other of others) expect(other, `seed ${seed}\n${story.join("\n")}`).toEqual(first);
    }
  });
});
