/**
 * The lists in the header fields of the handshake: tokens (Upgrade, Connection, subprotocols) and
 * extensions with their parameters. RFC 6455 §9.1, RFC 9110 §5.6
 *
 * Rule: what does not fit the grammar is undefined as a whole, never half a list.
 */

/** Extensions, parameters of one, and subprotocols that are looked at: browsers send one or two. */
export const LIST_ITEMS_MAX = 64;

/** One extension of a list. */
export interface Extension {
  readonly name: string;
  /** In order, as they stand; a value is undefined if there is none. */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What stands at the front of a list of extensions, one piece at a time. */
const PIECE = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[^"\\]|\\.)*"|[;,=])[ \t]*/y;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether a list of tokens, as Connection has it, has this one; `token` is in lower case. */
export function hasToken(list: string | undefined, token: string): boolean {
  if (list === undefined) return false;
  if (list.toLowerCase() === token) return true;
  return list.split(",").some((item) => item.trim().toLowerCase() === token);
}

/** Subprotocols in order. Undefined if one is no token, or stands there twice. RFC 6455 §11.3.4 */
export function parseProtocols(list: string | undefined): string[] | undefined {
  if (list === undefined) return [];
  const items = list.split(",").map((item) => item.trim());
  if (items.length > LIST_ITEMS_MAX || new Set(items).size < items.length) return undefined;
  return items.every(isToken) ? items : undefined;
}

/** Extensions in order; undefined if it is no such list. RFC 6455 §9.1 */
export function parseExtensions(list: string | undefined): Extension[] | undefined {
  if (list === undefined) return [];
  const pieces = piecesOf(list.trim());
  if (pieces === undefined) return undefined;
  const extensions: Extension[] = [];
  for (let at = 0; at < pieces.length; ) {
    const parameters: [string, string | undefined][] = [];
    const name = pieces[at] as string;
    if (!isToken(name)) return undefined;
    at += 1;
    while (pieces[at] === ";") {
      const parameter = pieces[at + 1] ?? "";
      const hasValue = pieces[at + 2] === "=";
      const value = hasValue ? unquoted(pieces[at + 3] ?? "") : undefined;
      if (!isToken(parameter) || (hasValue && value === undefined)) return undefined;
      parameters.push([parameter, value]);
      at += hasValue ? 4 : 2;
    }
    extensions.push({ name, parameters });
    if (extensions.length > LIST_ITEMS_MAX || parameters.length > LIST_ITEMS_MAX) return undefined;
    if (at === pieces.length) return extensions;
    if (pieces[at] !== ",") return undefined;
    at += 1;
  }
  return undefined;
}

/** Tokens, quoted strings and separators; undefined if there is anything else. */
function piecesOf(list: string): string[] | undefined {
  const pieces: string[] = [];
  PIECE.lastIndex = 0;
  while (PIECE.lastIndex < list.length) {
    const piece = PIECE.exec(list)?.[1];
    if (piece === undefined) return undefined;
    pieces.push(piece);
  }
  return pieces;
}

/** The value of a parameter: a token, in quotes or not. */
function unquoted(piece: string): string | undefined {
  const text = piece.startsWith('"') ? piece.slice(1, -1).replace(/\\(.)/g, "$1") : piece;
  return isToken(text) ? text : undefined;
}
