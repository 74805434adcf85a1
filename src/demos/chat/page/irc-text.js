/**
 * What people say, on its way to and from a line: formats are taken out, what cannot be seen is
 * shown, long texts are cut where it hurts least. No state, no DOM.
 */

/** As clients of IRC write them. https://modern.ircdocs.horse/formatting */
const COLOUR = "\x03";
const HEX_COLOUR = "\x04";
const BOLD = "\x02";
const ITALIC = "\x1d";
const UNDERLINE = "\x1f";
const STRUCK = "\x1e";
const MONOSPACE = "\x11";
const REVERSE = "\x16";
const PLAIN = "\x0f";

const FORMATS = new RegExp(
  [
    `${COLOUR}(?:\\d{1,2}(?:,\\d{1,2})?)?`,
    `${HEX_COLOUR}(?:[0-9a-f]{6}(?:,[0-9a-f]{6})?)?`,
    `[${BOLD}${ITALIC}${UNDERLINE}${STRUCK}${MONOSPACE}${REVERSE}${PLAIN}]`,
  ].join("|"),
  "gi",
);

/** What cannot be seen, breaks a line or turns the order of what comes after it. */
const UNSEEN = /[\p{Cc}\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]/gu;

/** A text's length that is shown; a line is shorter, so only a strange server is cut. In characters. */
export const TEXT_LENGTH_MAX = 4096;

/** Around the text of a PRIVMSG that says what somebody does ("/me"), and around other requests. */
const REQUEST = "\x01";
const ACTION = `${REQUEST}ACTION `;

/** Without formats, and with a sign for each control character. */
export function harmless(text) {
  const cut = text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text;
  return cut.replace(FORMATS, "").replace(UNSEEN, signOf);
}

function signOf(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code); // U+2400: Control Pictures
  return code === 0x7f ? "\u2421" : "\ufffd";
}

/** @returns {string | undefined} what is done, of a "/me". */
export function actionOf(text) {
  if (!text.startsWith(ACTION)) return undefined;
  return text.slice(ACTION.length, text.endsWith(REQUEST) ? -1 : undefined);
}

export function formatAction(text) {
  return ACTION + text + REQUEST;
}

/** Another request in a PRIVMSG (CTCP), such as VERSION: nobody said it, so nobody is shown it. */
export function isOtherRequest(text) {
  return text.startsWith(REQUEST) && actionOf(text) === undefined;
}

/** Does `text` speak of `nick`: as a word, whatever letters it has? */
export function mentions(text, nick) {
  if (nick === "") return false;
  const words = text.toLowerCase().split(/[^\p{L}\p{M}\p{N}[\]\\`_^{|}-]+/u);
  return words.includes(nick.toLowerCase());
}

const encoder = new TextEncoder();

export function byteLength(text) {
  return encoder.encode(text).length;
}

/**
 * Cuts a text into pieces of at most `bytesMax` bytes of UTF-8: after a blank, if there is one in the
 * last part of a piece, else between two characters as people see them.
 *
 * @returns {string[]} none of them empty.
 */
export function splitText(text, bytesMax) {
  const pieces = [];
  let piece = "";
  let bytes = 0;
  for (const character of charactersOf(text, bytesMax)) {
    const length = byteLength(character);
    if (bytes + length > bytesMax) {
      const kept = cutAtBlank(piece);
      pieces.push(kept.trimEnd());
      piece = piece.slice(kept.length);
      bytes = byteLength(piece);
    }
    piece += character;
    bytes += length;
  }
  return [...pieces, piece].filter((each) => each.trim() !== "");
}

/** As people see them; one with more marks than go into a piece falls into its code points. */
function* charactersOf(text, bytesMax) {
  if (Intl.Segmenter === undefined) yield* text;
  else {
    for (const { segment } of new Intl.Segmenter().segment(text)) {
      if (byteLength(segment) > bytesMax / 2) yield* segment;
      else yield segment;
    }
  }
}

function cutAtBlank(piece) {
  const blank = piece.lastIndexOf(" ");
  return blank > piece.length / 2 ? piece.slice(0, blank + 1) : piece;
}

/** They end a sentence more often than an address; but a bracket that it opens it closes. */
function withoutSentenceEnd(address) {
  let end = address.length;
  let unclosed = address.split("(").length - address.split(")").length;
  while (/[.,;:!?'")\]]/.test(address.charAt(end - 1))) {
    const isBracket = address.charAt(end - 1) === ")";
    if (isBracket && unclosed >= 0) break;
    if (isBracket) unclosed++;
    end--;
  }
  return address.slice(0, end);
}

/** Addresses of the web in a text: what is a link, and what is not. */
export function* linkParts(text) {
  let from = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"\ufffd]+/gi)) {
    const href = withoutSentenceEnd(match[0]);
    if (!URL.canParse(href)) continue;
    yield { text: text.slice(from, match.index) };
    yield { text: href, href };
    from = match.index + href.length;
  }
  yield { text: text.slice(from) };
}
