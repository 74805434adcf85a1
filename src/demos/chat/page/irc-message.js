/**
 * Lines of IRC, to and fro: what is said in one, and one that says it. No state, no DOM. After
 * https://modern.ircdocs.horse/#message-format and https://ircv3.net/specs/extensions/message-tags
 */

/** What a tag's value has for characters that would end it. */
const TAG_ESCAPES = { ":": ";", s: " ", "\\": "\\", r: "\r", n: "\n" };

/**
 * @param {string} line without its end.
 * @returns {{ tags: Map<string, string>, source: string, nick: string, command: string, params: string[] }}
 * of a line that is none, the command is "".
 */
export function parseMessage(line) {
  const message = { tags: new Map(), source: "", nick: "", command: "", params: [] };
  let rest = line;
  if (rest.startsWith("@")) {
    const [tags, after] = cut(rest.slice(1));
    message.tags = parseTags(tags);
    rest = after;
  }
  if (rest.startsWith(":")) {
    const [source, after] = cut(rest.slice(1));
    message.source = source;
    message.nick = nickOf(source);
    rest = after;
  }
  const [command, after] = cut(rest);
  message.command = command.toUpperCase();
  message.params = parseParams(after);
  return message;
}

/** The first word, and what follows its blanks. */
function cut(text) {
  const end = text.indexOf(" ");
  return end < 0 ? [text, ""] : [text.slice(0, end), text.slice(end).replace(/^ +/, "")];
}

function parseParams(text) {
  const params = [];
  let rest = text;
  while (rest !== "") {
    if (rest.startsWith(":")) {
      params.push(rest.slice(1));
      break;
    }
    const [param, after] = cut(rest);
    params.push(param);
    rest = after;
  }
  return params;
}

function parseTags(text) {
  const tags = new Map();
  for (const tag of text.split(";")) {
    const equals = tag.indexOf("=");
    if (tag === "") continue;
    if (equals < 0) tags.set(tag, "");
    else tags.set(tag.slice(0, equals), unescapeTag(tag.slice(equals + 1)));
  }
  return tags;
}

function unescapeTag(value) {
  return value.replace(/\\(.?)/gs, (_, letter) => TAG_ESCAPES[letter] ?? letter);
}

/** Of nick!user@host, or of a server's name, which stays whole. */
export function nickOf(source) {
  return /^[^!@]*/.exec(source)[0];
}

/**
 * One line of words and, last, a text. Whatever they hold, it is one line: an end of line in them
 * becomes a blank.
 *
 * @param {string} command
 * @param {...string} params only the last may be empty, have blanks or begin with a colon.
 * @throws {TypeError} for another that does: two words would be made of one.
 */
export function formatMessage(command, ...params) {
  const words = params.slice(0, -1);
  const bad = words.find((word) => /^$|^:| /.test(word));
  if (bad !== undefined) throw new TypeError(`"${bad}" is not one word`);
  const last = params.length > 0 ? [`:${params[params.length - 1]}`] : [];
  return [command, ...words, ...last].join(" ").replace(/[\r\n\0]+/g, " ");
}

/**
 * Names are compared so: as the server does (network/names.ts), which folds all letters, not only
 * those of ASCII, and both small sigmas into one.
 */
export function fold(name) {
  return name.normalize("NFKC").toLowerCase().normalize("NFKC").replaceAll("ς", "σ");
}

/** "anna_", "anna__", "anna_3" …: another for who finds its own taken. */
export function alternateNick(nick, attempt, lengthMax = 30) {
  const tail = attempt < 3 ? "_".repeat(attempt) : `_${attempt}`;
  return [...nick].slice(0, lengthMax - tail.length).join("") + tail;
}
