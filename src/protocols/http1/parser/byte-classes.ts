/**
 * Which bytes may stand where (RFC 9110 §5.5, §5.6.2, RFC 9112 §3.2, RFC 3986 §3.2): tables that
 * have 1 for what is allowed, and the bytes that have a name.
 *
 * Rules: a scanner asks a table, never a range of its own. Where every request comes through, names
 * and tables are constants of the module once more: V8 puts those into the code it makes, while it
 * looks an imported or exported binding up at each use.
 */

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const QUOTE = 0x22;
export const PERCENT = 0x25;
export const ASTERISK = 0x2a;
export const COMMA = 0x2c;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const ONE = 0x31;
export const NINE = 0x39;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const QUESTION = 0x3f;
export const LEFT_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const RIGHT_BRACKET = 0x5d;

const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** tchar: methods, field names, names and values of chunk extensions. */
export const TOKEN: Uint8Array = classOf(`${ALPHANUMERIC}!#$%&'*+-.^_\`|~`);

/** A request target: printable, without "#", for there is no fragment, and without "\". */
export const TARGET: Uint8Array = classOf("", 0x21, 0x7e);
TARGET[0x23] = 0;
TARGET[BACKSLASH] = 0;

/** A field value, a reason phrase: HTAB, SP, VCHAR, obs-text. */
export const FIELD_VALUE: Uint8Array = classOf("\t", 0x20, 0xff);
FIELD_VALUE[0x7f] = 0;

/** Inside a quoted-string that has no escape: qdtext. */
export const QUOTED_TEXT: Uint8Array = FIELD_VALUE.slice();
QUOTED_TEXT[QUOTE] = 0;
QUOTED_TEXT[BACKSLASH] = 0;

/** reg-name, but for "%", which needs its digits, and ",", which is how two Hosts are joined. */
export const REG_NAME: Uint8Array = classOf(`${ALPHANUMERIC}-._~!$&'()*+;=`);

/** Inside the brackets of an IPv6 address. */
export const IP_LITERAL: Uint8Array = classOf("0123456789ABCDEFabcdef:.");

/** The value of a hexadecimal digit; 255 of everything else. */
export const HEX_VALUE: Uint8Array = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i += 1) {
  const digit = i.toString(16);
  HEX_VALUE[digit.charCodeAt(0)] = i;
  HEX_VALUE[digit.toUpperCase().charCodeAt(0)] = i;
}

/** ASCII letters in lower case, everything else as it is. */
export const LOWER: Uint8Array = new Uint8Array(256).map((_, byte) =>
  byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte,
);

function classOf(characters: string, from = 1, to = 0): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  for (let byte = from; byte <= to; byte += 1) table[byte] = 1;
  return table;
}
