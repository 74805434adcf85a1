/**
 * What servers say to one another: JSON texts, each with the sender's id, the run of it (a restarted
 * server begins again), and a number that grows by one with each of its messages. Redis delivers at
 * most once; a number that is missing says that something was lost.
 *
 * Pure: texts in, records out, and nothing throws because of a text. Acts are checked in act-check.ts.
 */
import type { Act } from "../network/act.js";
import { checkAct, isFields, isServerId } from "./act-check.js";

/** Grows when an old server could misunderstand a new one; a server ignores versions it lacks. */
export const PROTOCOL_VERSION = 1;
/** In UTF-16 units. A message is closed when it is over half of it, and one act is far shorter. */
export const MESSAGE_LENGTH_MAX: number = 64 * 1024;

/** The part of a message that depends on its kind. */
export type Body =
  /** "I am here, and know nobody": everybody answers with a snapshot. The sender's follows. */
  | { readonly type: "hello" }
  /** A part of what the sender's users are. No other message of it comes between two parts. */
  | {
      readonly type: "snapshot";
      readonly part: number;
      readonly isLast: boolean;
      readonly acts: readonly Act[];
    }
  /** What its users did. */
  | { readonly type: "acts"; readonly acts: readonly Act[] }
  /** "I am still here": without it a server is given up. */
  | { readonly type: "beat" }
  /** "I missed something of yours": that server answers with a snapshot. */
  | { readonly type: "ask"; readonly of: string }
  /** The sender and its users are gone. */
  | { readonly type: "bye" };

export interface Message {
  readonly from: string;
  readonly run: string;
  readonly number: number;
  readonly body: Body;
  /** Acts of it that are left out, because they are none or not the sender's. */
  readonly skipped: number;
}

/** Why a text is no message, and of whom it claims to be; without `from` of nobody. */
export interface Refusal {
  readonly from?: string | undefined;
  readonly refused: string;
}

/** What each text of one sender begins with: by this it knows its own when they come back. */
export function messageStart(from: string, run: string): string {
  return `{"v":${PROTOCOL_VERSION},"from":"${from}","run":"${run}","n":`;
}

/** A message without acts. */
export function encodeBody(start: string, number: number, body: Body): string {
  return `${start}${number},${JSON.stringify(body).slice(1)}`;
}

/** @param acts each as JSON already: an act is made a text once, when it happens. */
export function encodeActs(start: string, number: number, acts: readonly string[]): string {
  return `${start}${number},"type":"acts","acts":[${acts.join()}]}`;
}

export function encodeSnapshotPart(
  start: string,
  number: number,
  { part, isLast, acts }: { part: number; isLast: boolean; acts: readonly string[] },
): string {
  const head = `${start}${number},"type":"snapshot","part":${part},"isLast":${isLast}`;
  return `${head},"acts":[${acts.join()}]}`;
}

/** Lists of acts (as JSON), each short enough for a message; at least one, perhaps empty. */
export function splitActs(acts: readonly string[]): string[][] {
  const lists: string[][] = [[]];
  let length = 0;
  for (const act of acts) {
    if (length > 0 && length + act.length > MESSAGE_LENGTH_MAX / 2) {
      lists.push([]);
      length = 0;
    }
    lists.at(-1)?.push(act);
    length += act.length + 1;
  }
  return lists;
}

export function decodeMessage(text: string): Message | Refusal {
  if (text.length > MESSAGE_LENGTH_MAX) return { refused: "it is too long" };
  const fields = parse(text);
  if (!isFields(fields)) return { refused: "it is no JSON object" };
  const { v, from, run, n: number } = fields;
  if (!isServerId(from)) return { refused: "it names no sender" };
  if (v !== PROTOCOL_VERSION) return { from, refused: "it speaks another version" };
  if (!isRun(run)) return { from, refused: "it names no run" };
  if (!isCount(number)) return { from, refused: "it has no number" };
  const acts = decodeActs(fields["acts"], from);
  const body = decodeBody(fields, acts);
  if (typeof body === "string") return { from, refused: body };
  const skipped = Array.isArray(fields["acts"]) ? fields["acts"].length - acts.length : 0;
  return { from, run, number, body, skipped };
}

function decodeBody(
  fields: Readonly<Record<string, unknown>>,
  acts: readonly Act[],
): Body | string {
  switch (fields["type"]) {
    case "snapshot": {
      const { part, isLast } = fields;
      const isPart = isCount(part) && typeof isLast === "boolean";
      return isPart ? { type: "snapshot", part, isLast, acts } : "its snapshot has no part";
    }
    case "acts":
      return { type: "acts", acts };
    case "ask": {
      const { of } = fields;
      return isServerId(of) ? { type: "ask", of } : "it asks nobody";
    }
    case "hello":
      return { type: "hello" };
    case "beat":
      return { type: "beat" };
    case "bye":
      return { type: "bye" };
    default:
      return "its type is unknown";
  }
}

/**
 * Those that are acts of the sender. One that is not costs itself alone: a server whose Unicode is
 * older may refuse a nickname, and has to get along with the others.
 */
function decodeActs(values: unknown, from: string): Act[] {
  if (!Array.isArray(values)) return [];
  return values.flatMap((value) => checkAct(value, from) ?? []);
}

function isRun(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-z]{1,16}$/.test(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
