/**
 * Conversations as text, which are run against a network and compared line by line:
 *
 *   alice> JOIN #a           what alice says
 *   alice< :alice!... JOIN   what she gets, all of it, in this order
 *
 * Whoever speaks first registers before; names that begin with "new" do not, and "name*" asks for
 * all capabilities. `$` stands for ":chat.test", `~name` for ":name!~name@name.host". A line `---
 * 60` lets so many seconds pass.
 */
import { expect } from "vitest";
import type { Act } from "../../../../src/demos/chat/network/act.js";
import {
  ChatNetwork,
  type NetworkOptions,
} from "../../../../src/demos/chat/network/chat-network.js";
import type { Session } from "../../../../src/demos/chat/network/session.js";
import { MemoryPeer } from "./memory-peer.js";

export const START_AT = Date.UTC(2026, 0, 31, 12);

/** The numbers of all numerics that were ever sent in this process. */
export const numericsSeen: Set<string> = new Set();

interface Actor {
  readonly peer: MemoryPeer;
  readonly session: Session;
}

export class Stage {
  readonly network: ChatNetwork;
  readonly acts: Act[] = [];
  now = START_AT;
  readonly #actors = new Map<string, Actor>();

  constructor(options: NetworkOptions = {}) {
    this.network = new ChatNetwork({
      ...{ serverName: "chat.test", networkName: "TestNet", serverId: "here" },
      ...{ now: () => this.now, ...options },
    });
    this.network.onAct = (act) => this.acts.push(act);
  }

  actor(name: string): Actor {
    const known = this.#actors.get(name);
    if (known !== undefined) return known;
    const nick = name.replace("*", "");
    const peer = new MemoryPeer(`${nick}.host`);
    const session = this.network.connect(peer);
    const actor = { peer, session };
    this.#actors.set(name, actor);
    if (nick.startsWith("new")) return actor;
    if (name !== nick) {
      session.receive("CAP REQ :batch echo-message multi-prefix server-time");
      session.receive("CAP END");
    }
    session.receive(`NICK ${nick}`);
    session.receive(`USER ${nick} 0 * :${nick}'s name`);
    expect(session.isRegistered).toBe(true);
    this.#taken(actor);
    return actor;
  }

  run(script: string): void {
    const expected: string[] = [];
    let cause = "the start";
    const compare = (): void => {
      const got: string[] = [];
      for (const [name, actor] of this.#actors) {
        for (const line of this.#taken(actor)) got.push(`${name}< ${line}`);
      }
      // Who got what matters, and in which order each did; the order between them does not.
      expect(byActor(got), `after ${cause}`).toEqual(byActor(expected));
      expected.length = 0;
    };
    for (const raw of script.split("\n")) {
      const line = raw.trimStart();
      const [, name = "", sign, text = ""] = /^([\w*]+)([<>]) ?(.*)$/.exec(line) ?? [];
      if (line === "") continue;
      if (sign === "<") {
        expected.push(`${name}< ${expand(text)}`);
        continue;
      }
      compare();
      cause = line;
      if (sign === ">") this.actor(name).session.receive(text);
      else if (line.startsWith("---")) this.now += 1000 * Number(line.slice(3));
      else throw new Error(`Not a line of a script: ${line}`);
    }
    compare();
  }

  #taken({ peer }: Actor): string[] {
    const lines = peer.take();
    for (const line of lines) {
      const numeric = /^(?:@\S* )?:chat\.test (\d{3}) /.exec(line);
      if (numeric?.[1] !== undefined) numericsSeen.add(numeric[1]);
    }
    return lines;
  }
}

function byActor(lines: readonly string[]): string[] {
  const names = [...new Set(lines.map((line) => line.replace(/<.*/s, "")))].sort();
  return names.flatMap((name) => lines.filter((line) => line.startsWith(`${name}<`)));
}

function expand(text: string): string {
  return text
    .replace(/^(@\S* )?\$/, "$1:chat.test")
    .replace(/^(@\S* )?~(\S+)/, "$1:$2!~$2@$2.host");
}
