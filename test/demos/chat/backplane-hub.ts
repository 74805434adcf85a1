/**
 * Servers that are joined over links in memory, which lose what a test wants lost, and made-up ones
 * that say what a test wants said. Nothing here depends on time but what asks for beats.
 */
import { onTestFinished } from "vitest";
import { Backplane } from "../../../src/demos/chat/backplane/backplane.js";
import type { Link, LinkHandler, OpenLink } from "../../../src/demos/chat/backplane/link.js";
import { encodeActs, encodeBody, messageStart } from "../../../src/demos/chat/backplane/message.js";
import type { Act } from "../../../src/demos/chat/network/act.js";
import { ChatNetwork, type NetworkOptions } from "../../../src/demos/chat/network/chat-network.js";
import { LineLog } from "../echo-peers.js";
import { type Joined, until } from "./backplane-support.js";

/** A channel in memory. Delivery is later, in order, and to all that are there by then. */
export class Hub {
  /** Everything that was published. */
  readonly texts: string[] = [];
  /** Which texts reach a link; each may be asked of each. */
  delivers: (text: string, to: number) => boolean = () => true;
  /** Why none can be opened. */
  refusal: string | undefined;
  readonly #handlers = new Map<number, LinkHandler>();
  #links = 0;

  readonly open: OpenLink = async (handler) => {
    if (this.refusal !== undefined) throw new Error(this.refusal);
    const number = this.#links++;
    this.#handlers.set(number, handler);
    const end = (): void => void this.#handlers.delete(number);
    const link: Link = {
      publish: (text) => this.publish(text),
      close: async () => {
        await nextTurn();
        end();
      },
      destroy: end,
    };
    return link;
  };

  publish(text: string): void {
    this.texts.push(text);
    setImmediate(() => {
      for (const [number, handler] of [...this.#handlers]) {
        if (this.delivers(text, number)) handler.onMessage(text);
      }
    });
  }

  /** All links are gone at once. */
  break(reason: string): void {
    const handlers = [...this.#handlers.values()];
    this.#handlers.clear();
    for (const handler of handlers) handler.onLost(reason);
  }
}

/** Beats never come, unless a test asks for them: nothing here depends on time. */
const NEVER_MS = 2 ** 30;

export interface JoinOptions extends NetworkOptions {
  readonly beatMs?: number;
  readonly reconnectMaxMs?: number;
}

/** A server of its own, joined over a hub; it ends with the test. */
export async function joinHub(
  hub: Hub,
  serverId: string,
  { beatMs = NEVER_MS, reconnectMaxMs = 1, ...options }: JoinOptions = {},
): Promise<Joined> {
  const network = new ChatNetwork({ serverId, ...options });
  const log = new LineLog();
  const backplane = new Backplane(network, hub.open, "hub", {
    ...{ beatMs, reconnectMaxMs },
    log: (line) => log.add(line),
  });
  onTestFinished(() => backplane.close());
  await backplane.join();
  return { network, backplane, log };
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Two servers that know each other. */
export async function joinTwo(): Promise<{ hub: Hub; a: Joined; b: Joined }> {
  const hub = new Hub();
  const a = await joinHub(hub, "aaaa");
  const b = await joinHub(hub, "bbbb");
  await knowEachOther(a.backplane, b.backplane);
  return { hub, a, b };
}

export async function knowEachOther(...backplanes: readonly Backplane[]): Promise<void> {
  await until(() => backplanes.every(({ servers }) => servers.length === backplanes.length - 1));
}

/** Everything that is under way has arrived, and what it led to. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await nextTurn();
}

/** What a made-up server would publish. */
export class MadeUp {
  readonly hub: Hub;
  readonly start: string;
  number = 0;

  constructor(hub: Hub, id: string, run = "madeup") {
    this.hub = hub;
    this.start = messageStart(id, run);
  }

  hello(): void {
    this.hub.publish(encodeBody(this.start, this.number++, { type: "hello" }));
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

export function entering(id: string, nick: string, at = 5): Act {
  const user = { id, nick, username: `~${nick}`, host: "10.9.9.9", realname: nick, at };
  return { act: "enter", user };
}
