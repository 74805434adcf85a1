/**
 * Our side of the channel: numbers what we publish, gathers the acts of a turn into one message, and
 * keeps snapshots apart. Without a link everything is dropped: the snapshot after the next hello
 * says what has become of it.
 */
import type { Act } from "../network/act.js";
import { isOrdered } from "../network/acts/confirm-act.js";
import { ACT_CHANGES_MAX } from "./act-check.js";
import type { Link } from "./link.js";
import {
  type Body,
  encodeActs,
  encodeBody,
  encodeSnapshotPart,
  MESSAGE_LENGTH_MAX,
  messageStart,
  splitActs,
} from "./message.js";

/**
 * Between two snapshots. Each hello and each gap elsewhere asks for one, and anybody on the channel
 * can; in a big network it is megabytes.
 */
export const SNAPSHOT_GAP_MS = 250;

export class Announcer {
  /** What each text of ours begins with. */
  readonly start: string;
  readonly #snapshot: () => readonly Act[];
  #link: Link | undefined;
  #number = 0;
  #acts: string[] = [];
  #actsLength = 0;
  /** Those of `#acts` that are confirmed when they come back. */
  #orderly: Act[] = [];
  /** The same of messages that are on their way, by their numbers. */
  readonly #unheard = new Map<number, readonly Act[]>();
  #flushing: NodeJS.Immediate | undefined;
  #snapshotAt = Number.NEGATIVE_INFINITY;
  #snapshotLater: NodeJS.Timeout | undefined;

  /** @param snapshot acts that rebuild the users of `server`. */
  constructor(server: string, run: string, snapshot: () => readonly Act[]) {
    this.start = messageStart(server, run);
    this.#snapshot = snapshot;
  }

  /** From now on we are heard: with a hello, and all that we have to tell. */
  begin(link: Link): void {
    this.end();
    this.#link = link;
    this.say({ type: "hello" });
    this.#publishSnapshot();
  }

  /** What is not sent yet is dropped. */
  end(): void {
    this.#link = undefined;
    this.#empty();
    this.#unheard.clear();
    clearTimeout(this.#snapshotLater);
    this.#snapshotLater = undefined;
  }

  /** Goes out with the other acts of this turn of the loop. */
  act(act: Act): void {
    if (this.#link === undefined) return;
    const text = JSON.stringify(act);
    this.#acts.push(text);
    if (isOrdered(act)) this.#orderly.push(act);
    this.#actsLength += text.length;
    if (this.#actsLength > MESSAGE_LENGTH_MAX / 2) this.#flush();
    else this.#flushing ??= setImmediate(() => this.#flush());
  }

  /**
   * A text of ours has come back.
   *
   * @returns what is in it of acts whose order among those of other servers matters: see
   *   `ChatNetwork.confirm`.
   */
  heard(text: string): readonly Act[] {
    const number = Number.parseInt(text.slice(this.start.length, this.start.length + 16), 10);
    const acts = this.#unheard.get(number) ?? [];
    this.#unheard.delete(number);
    return acts;
  }

  say(body: Body): void {
    this.#flush(); // Numbers are given in the order of what happened.
    this.#link?.publish(encodeBody(this.start, this.#number++, body));
  }

  /** A snapshot is wanted: soon, and one for all who want it. */
  wantSnapshot(): void {
    if (this.#link === undefined || this.#snapshotLater !== undefined) return;
    const waitMs = this.#snapshotAt + SNAPSHOT_GAP_MS - performance.now();
    if (waitMs <= 0) this.#publishSnapshot();
    else this.#snapshotLater = setTimeout(() => this.#publishSnapshot(), waitMs);
  }

  /** All parts in one go: what comes between them would not be what they tell. */
  #publishSnapshot(): void {
    clearTimeout(this.#snapshotLater);
    this.#snapshotLater = undefined;
    this.#snapshotAt = performance.now();
    this.#flush(); // The snapshot has it, but whoever is in step does not read that.
    const acts = this.#snapshot().flatMap(splitChanges);
    const lists = splitActs(acts.map((act) => JSON.stringify(act)));
    lists.forEach((acts, part) => {
      const isLast = part === lists.length - 1;
      const text = encodeSnapshotPart(this.start, this.#number++, { part, isLast, acts });
      this.#link?.publish(text);
    });
  }

  #flush(): void {
    if (this.#acts.length > 0) {
      if (this.#orderly.length > 0) this.#unheard.set(this.#number, this.#orderly);
      this.#link?.publish(encodeActs(this.start, this.#number++, this.#acts));
    }
    this.#empty();
  }

  #empty(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    this.#acts = [];
    this.#actsLength = 0;
    this.#orderly = [];
  }
}

/** A room of thousands has as many changes in one act, and an act has to fit into a message. */
function splitChanges(act: Act): readonly Act[] {
  if (act.act !== "mode" || act.changes.length <= ACT_CHANGES_MAX) return [act];
  const acts: Act[] = [];
  for (let at = 0; at < act.changes.length; at += ACT_CHANGES_MAX) {
    acts.push({ ...act, changes: act.changes.slice(at, at + ACT_CHANGES_MAX) });
  }
  return acts;
}
