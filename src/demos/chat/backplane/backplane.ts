/**
 * Several chat servers as one network: each publishes what its users do on one Redis channel, and
 * applies what the others publish (message.ts has the words, replacement.ts the snapshots).
 *
 * Redis forgets a message once it is delivered, and delivers at most once. So nothing rests on a
 * message alone: messages are numbered, who misses one asks for a snapshot, who is silent is gone,
 * and who was cut off begins again with a hello. While there is no Redis nothing is kept for later:
 * the snapshot says it all.
 *
 * Silence is counted in our own beats, not read from a clock: a process that stood still for a
 * minute has no reason to take the others for dead.
 */
import { randomBytes } from "node:crypto";
import { messageOf } from "../../errors.js";
import { UsageError } from "../../usage-error.js";
import type { ChatNetwork } from "../network/chat-network.js";
import { Announcer } from "./announcer.js";
import type { Link, OpenLink } from "./link.js";
import { OtherServers } from "./other-servers.js";
import { describeUrl, loadRedis, redisLinks } from "./redis-link.js";

/** Between two signs of life. A server that is gone is missed three to four of them later. */
export const BEAT_MS = 2000;
/** So many beats of ours may be under way to ourselves. More: Redis does not answer. */
export const UNANSWERED_BEATS = 2;
/** Before the first try to reach a lost Redis again; each further wait is twice as long. */
export const RECONNECT_MIN_MS = 250;
/** The longest of these waits, before chance takes up to half of it away: not all come at once. */
export const RECONNECT_MAX_MS = 10_000;
/** Servers on one channel are one network. */
export const CHANNEL_DEFAULT = "socket-reactor:chat";
const CHANNEL_LENGTH_MAX = 200;

const CUT_OFF = "This server is cut off from the others; messages reach only who is here";
const JOINED_AGAIN = "This server is joined with the others again";

export interface BackplaneOptions {
  /** @defaultValue {@link CHANNEL_DEFAULT} */
  readonly channel?: string | undefined;
  /** @defaultValue {@link BEAT_MS} */
  readonly beatMs?: number | undefined;
  /** @defaultValue {@link RECONNECT_MAX_MS} */
  readonly reconnectMaxMs?: number | undefined;
  /** How long Redis has to let us in. @defaultValue LINK_OPEN_MS */
  readonly openMs?: number | undefined;
  readonly log: (line: string) => void;
}

/**
 * Joins the network with those of other servers, and returns when it is joined.
 *
 * @param url redis://[USER:PASSWORD@]HOST:PORT, rediss://… for TLS, or unix:///PATH
 * @throws UsageError for a URL that is none, where the package redis is not installed, and where no
 *   Redis lets us in: that is found out at the start. One that is lost later is waited for.
 */
export async function joinBackplane(
  network: ChatNetwork,
  url: string,
  options: BackplaneOptions,
): Promise<Backplane> {
  const redis = await loadRedis();
  const place = describeUrl(redis, url);
  const { channel = CHANNEL_DEFAULT, openMs } = options;
  if (channel === "" || channel.length > CHANNEL_LENGTH_MAX) {
    throw new UsageError(`The backplane's channel must have 1 to ${CHANNEL_LENGTH_MAX} characters`);
  }
  const open = redisLinks(redis, { url, channel, openMs });
  const backplane = new Backplane(network, open, `${place}, channel ${channel}`, options);
  try {
    await backplane.join();
  } catch (error) {
    await backplane.close();
    throw new UsageError(`--backplane: no Redis at ${place}: ${messageOf(error)}`);
  }
  return backplane;
}

export class Backplane {
  readonly #network: ChatNetwork;
  readonly #open: OpenLink;
  readonly #place: string;
  readonly #options: BackplaneOptions;
  readonly #announcer: Announcer;
  readonly #others: OtherServers;
  readonly #closing = new AbortController();
  #link: Link | undefined;
  #beating: NodeJS.Timeout | undefined;
  #reconnecting: NodeJS.Timeout | undefined;
  #tries = 0;
  /** Why the last try failed, as it was logged. */
  #reported = "";
  #unansweredBeats = 0;

  /** For {@link joinBackplane}, and for tests that bring their own links. */
  constructor(network: ChatNetwork, open: OpenLink, place: string, options: BackplaneOptions) {
    this.#network = network;
    this.#open = open;
    this.#place = place;
    this.#options = options;
    const run = randomBytes(5).toString("hex");
    this.#announcer = new Announcer(network.serverId, run, () => network.snapshot());
    this.#others = new OtherServers({
      network,
      log: options.log,
      say: (body) => this.#announcer.say(body),
      wantSnapshot: () => this.#announcer.wantSnapshot(),
    });
    network.onAct = (act) => this.#announcer.act(act);
  }

  get state(): "joined" | "lost" {
    return this.#link === undefined ? "lost" : "joined";
  }

  /** The ids of the other servers whose users are known here. */
  get servers(): readonly string[] {
    return this.#others.ids;
  }

  /** @throws an Error that says why there is no link. */
  async join(): Promise<void> {
    let lost: string | undefined;
    const handler = {
      onMessage: (text: string) => this.#receive(text),
      onLost: (reason: string) => {
        lost = reason;
        this.#lose(reason);
      },
    };
    const link = await this.#open(handler, this.#closing.signal);
    if (lost !== undefined) throw new Error(lost);
    if (this.#closing.signal.aborted) {
      link.destroy();
      return;
    }
    this.#begin(link);
  }

  /** Says bye, if it is joined, and ends the connection; in half a second at the latest. Idempotent. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#network.onAct = undefined;
    clearInterval(this.#beating);
    clearTimeout(this.#reconnecting);
    if (this.#link !== undefined) this.#announcer.say({ type: "bye" });
    this.#announcer.end();
    this.#closing.abort();
    this.#others.dropAll();
    const link = this.#link;
    this.#link = undefined;
    await link?.close();
  }

  #begin(link: Link): void {
    this.#link = link;
    this.#reported = "";
    this.#unansweredBeats = 0;
    this.#options.log(`backplane: joined at ${this.#place}, as server ${this.#network.serverId}`);
    this.#announcer.begin(link);
    this.#beating = setInterval(() => this.#beat(), this.#options.beatMs ?? BEAT_MS);
  }

  #receive(text: string): void {
    if (!text.startsWith(this.#announcer.start)) {
      this.#others.receive(text);
      return;
    }
    // What we said ourselves: Redis is alive, and this is what it comes behind.
    this.#unansweredBeats = 0;
    for (const act of this.#announcer.heard(text)) this.#network.confirm(act);
  }

  #beat(): void {
    if (this.#unansweredBeats >= UNANSWERED_BEATS) {
      this.#link?.destroy();
      this.#lose("Redis does not answer");
      return;
    }
    // Not before: a Redis that lets us in and drops us at once must not have us at its door for ever.
    this.#tries = 0;
    this.#unansweredBeats += 1;
    this.#announcer.say({ type: "beat" });
    this.#others.beat();
  }

  #lose(reason: string): void {
    if (this.#link === undefined) return;
    this.#link = undefined;
    clearInterval(this.#beating);
    this.#announcer.end();
    this.#options.log(`backplane: lost at ${this.#place}: ${reason}; trying to join again`);
    this.#network.noticeAll(CUT_OFF);
    this.#others.dropAll();
    this.#joinLater();
  }

  #joinLater(): void {
    const { reconnectMaxMs = RECONNECT_MAX_MS } = this.#options;
    const longest = Math.min(RECONNECT_MIN_MS * 2 ** this.#tries, reconnectMaxMs);
    this.#tries += 1;
    const waitMs = longest * (0.5 + Math.random() / 2);
    this.#reconnecting = setTimeout(() => void this.#joinAgain(), waitMs);
  }

  async #joinAgain(): Promise<void> {
    try {
      await this.join();
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#reportTry(messageOf(error));
      this.#joinLater();
      return;
    }
    if (this.#link !== undefined) this.#network.noticeAll(JOINED_AGAIN);
  }

  /** Tries go on for as long as it takes; only news is worth a line. */
  #reportTry(reason: string): void {
    if (reason === this.#reported) return;
    this.#reported = reason;
    this.#options.log(`backplane: still lost: ${reason}`);
  }
}
