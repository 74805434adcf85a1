/**
 * Node's own parser, as an oracle for the differential tests: the same bytes, its view of the
 * messages. It is not public API, so its shape is declared here, as far as it is used.
 */
import { createRequire } from "node:module";

/** A message as both parsers see it. */
export interface Message {
  /** "1.1" */
  readonly version: string;
  /** The target, or the status. */
  readonly start: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly keepAlive: boolean;
  body: string;
  isComplete: boolean;
}

export interface Outcome {
  readonly messages: readonly Message[];
  /** The code of an error, and what it says. */
  readonly error?: string | undefined;
  /** What follows is another protocol, so nothing more was looked at. */
  readonly isUpgrade?: boolean | undefined;
  /** The bytes end inside a head. */
  readonly isInHead?: boolean | undefined;
}

interface OracleParser {
  [callback: number]: unknown;
  initialize(type: number, resource: object, headBytesMax: number, lenience: number): void;
  execute(bytes: Uint8Array): number | (Error & { code?: string; reason?: string });
  finish(): undefined | (Error & { code?: string; reason?: string });
  close(): void;
}

interface OracleClass {
  new (): OracleParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

const { HTTPParser } = createRequire(import.meta.url)("node:_http_common") as {
  readonly HTTPParser: OracleClass;
};

/** More than any input has, so that only the others' limits count. */
const HEAD_BYTES_MAX = 1 << 20;

/** What llhttp makes of these bytes; `isBodiless`: the responses are to HEAD. */
export function askLlhttp(
  kind: "request" | "response",
  bytes: Uint8Array,
  isBodiless = false,
): Outcome {
  const messages: Message[] = [];
  let isUpgrade = false;
  let early: string[] = [];
  let earlyUrl = "";
  const parser = new HTTPParser();
  parser.initialize(
    kind === "request" ? HTTPParser.REQUEST : HTTPParser.RESPONSE,
    {},
    HEAD_BYTES_MAX,
    0,
  );
  parser[HTTPParser.kOnHeaders] = (fields: string[], url: string): void => {
    // Many fields come in parts; those behind a body are trailers, which are not compared here.
    if (messages.at(-1)?.isComplete === false) return;
    early.push(...fields);
    earlyUrl += url;
  };
  parser[HTTPParser.kOnHeadersComplete] = (...all: unknown[]): number => {
    const [major, minor, fields, , url, status, , upgrade, keepAlive] = all;
    messages.push({
      version: `${major}.${minor}`,
      start: kind === "request" ? earlyUrl + String(url ?? "") : String(status),
      fields: pairs([...early, ...((fields as string[] | undefined) ?? [])]),
      keepAlive: Boolean(keepAlive),
      body: "",
      isComplete: false,
    });
    early = [];
    earlyUrl = "";
    isUpgrade ||= Boolean(upgrade);
    if (upgrade) return 2;
    return isBodiless ? 1 : 0;
  };
  parser[HTTPParser.kOnBody] = (data: Uint8Array): void => {
    const message = messages.at(-1);
    if (message !== undefined) message.body += Buffer.from(data).toString("latin1");
  };
  parser[HTTPParser.kOnMessageComplete] = (): void => {
    const message = messages.at(-1);
    if (message !== undefined) message.isComplete = true;
  };
  const result = parser.execute(bytes);
  const failure = typeof result === "number" ? undefined : result;
  if (failure === undefined && !isUpgrade) parser.finish();
  parser.close();
  const error = failure && !isUpgrade ? `${failure.code}: ${failure.reason}` : undefined;
  return { messages, error, isUpgrade };
}

function pairs(flat: readonly string[]): [string, string][] {
  const all: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) all.push([flat[i]!, flat[i + 1]!]);
  return all;
}
