/**
 * The grammar of a line: `@tags :prefix COMMAND middle middle :trailing` (RFC 1459 §2.3.1, with
 * IRCv3's tags). What the words mean is the commands' affair.
 *
 * Tags and the prefix are passed over: no capability that we offer has tags from clients, and who
 * speaks is known by the connection, whatever a client says in front.
 *
 * The rule of the file: any text is taken, nothing throws; a line without a command is no message.
 */

/** Parameters of one message: the last takes whatever is left (RFC 1459 §2.3). */
export const PARAMETERS_MAX: number = 15;

export interface Message {
  /** In capitals. */
  readonly command: string;
  readonly params: readonly string[];
}

/** @returns undefined for a line without a command: an empty one, or tags or a prefix alone. */
export function parseMessage(line: string): Message | undefined {
  let at = afterBlanks(line, 0);
  if (line[at] === "@") at = afterBlanks(line, wordEnd(line, at));
  if (line[at] === ":") at = afterBlanks(line, wordEnd(line, at));
  const end = wordEnd(line, at);
  if (end === at) return undefined;
  return { command: line.slice(at, end).toUpperCase(), params: parseParameters(line, end) };
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

/** Whether a text can be a parameter that is not the last one. */
export function isMiddle(text: string): boolean {
  return text !== "" && text[0] !== ":" && !text.includes(" ");
}

function afterBlanks(line: string, at: number): number {
  while (line[at] === " ") at += 1;
  return at;
}

function wordEnd(line: string, at: number): number {
  const end = line.indexOf(" ", at);
  return end < 0 ? line.length : end;
}
