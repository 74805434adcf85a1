/**
 * The grammar of a line: `@tags :prefix COMMAND middle middle :trailing` (RFC 1459 §2.3.1, with
 * IRCv3's tags). What the words mean is the commands' affair.
 *
 * The rule of the file: any text is taken, nothing throws; a line without a command is no message.
 */

/** Parameters of one message: the last takes whatever is left (RFC 1459 §2.3). */
export const PARAMETERS_MAX: number = 15;

export interface Message {
  /** Unescaped; of a key that comes twice the last counts. */
  readonly tags?: ReadonlyMap<string, string> | undefined;
  /** Without its colon. What a client says here is of no account. */
  readonly prefix?: string | undefined;
  /** In capitals. */
  readonly command: string;
  readonly params: readonly string[];
}

/** @returns undefined for a line without a command: an empty one, or tags or a prefix alone. */
export function parseMessage(line: string): Message | undefined {
  let at = afterBlanks(line, 0);
  let end = at;
  let tags: ReadonlyMap<string, string> | undefined;
  let prefix: string | undefined;
  if (line[at] === "@") {
    end = wordEnd(line, at);
    tags = parseTags(line.slice(at + 1, end));
    at = afterBlanks(line, end);
  }
  if (line[at] === ":") {
    end = wordEnd(line, at);
    prefix = line.slice(at + 1, end);
    at = afterBlanks(line, end);
  }
  end = wordEnd(line, at);
  if (end === at) return undefined;
  const command = line.slice(at, end).toUpperCase();
  return { tags, prefix, command, params: parseParameters(line, end) };
}

function parseParameters(line: string, start: number): string[] {
  const params: string[] = [];
  for (let at = afterBlanks(line, start); at < line.length; ) {
    const isTrailing = line[at] === ":";
    if (isTrailing || params.length === PARAMETERS_MAX - 1) {
      params.push(line.slice(isTrailing ? at + 1 : at));
      break;
    }
    const end = wordEnd(line, at);
    params.push(line.slice(at, end));
    at = afterBlanks(line, end);
  }
  return params;
}

/** The line of a message whose parts hold no CR, LF or NUL and, but for the last, no blanks. */
export function formatMessage({ tags, prefix, command, params }: Message): string {
  const words: string[] = [];
  if (tags !== undefined && tags.size > 0) words.push(`@${formatTags(tags)}`);
  if (prefix !== undefined) words.push(`:${prefix}`);
  words.push(command, ...params.slice(0, -1));
  const last = params.at(-1);
  if (last !== undefined) words.push(isMiddle(last) ? last : `:${last}`);
  return words.join(" ");
}

/** Whether a text can be a parameter that is not the last one. */
export function isMiddle(text: string): boolean {
  return text !== "" && text[0] !== ":" && !text.includes(" ");
}

function parseTags(text: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const item of text.split(";")) {
    const at = item.indexOf("=");
    const key = at < 0 ? item : item.slice(0, at);
    if (key !== "") tags.set(key, at < 0 ? "" : unescapeTag(item.slice(at + 1)));
  }
  return tags;
}

function formatTags(tags: ReadonlyMap<string, string>): string {
  const items: string[] = [];
  for (const [key, value] of tags) items.push(value === "" ? key : `${key}=${escapeTag(value)}`);
  return items.join(";");
}

/** Behind a backslash; any other character there stands for itself (IRCv3 message-tags). */
const UNESCAPED: ReadonlyMap<string, string> = new Map([
  [":", ";"],
  ["s", " "],
  ["r", "\r"],
  ["n", "\n"],
]);
const ESCAPED: ReadonlyMap<string, string> = new Map([
  ...Array.from(UNESCAPED, ([short, long]): [string, string] => [long, `\\${short}`]),
  ["\\", "\\\\"],
]);

function unescapeTag(text: string): string {
  return text.replace(/\\(.?)/gs, (_, short: string) => UNESCAPED.get(short) ?? short);
}

function escapeTag(text: string): string {
  return text.replace(/[; \r\n\\]/g, (character) => ESCAPED.get(character) ?? character);
}

function afterBlanks(line: string, at: number): number {
  while (line[at] === " ") at += 1;
  return at;
}

function wordEnd(line: string, at: number): number {
  const end = line.indexOf(" ", at);
  return end < 0 ? line.length : end;
}
