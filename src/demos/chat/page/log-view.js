/**
 * The lines of the room that is looked at. New ones are added, old ones leave at the top, so there
 * are never more elements than a room keeps lines. The end stays in sight for who has not scrolled.
 */
import { byId, hueOf, isolated, make } from "./dom.js";
import { fold } from "./irc-message.js";
import { linkParts } from "./irc-text.js";

/** Messages of one person that stand under one name, if they follow one another so closely. */
const TOGETHER_MS = 5 * 60_000;

/** So near to the end is at the end: what is half a line away. In pixels. */
const END_PIXELS = 40;

/** The last of comings and goings in a row; of those before, how many they were. */
const EVENTS_SHOWN = 6;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const fullDate = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

export class LogView {
  #frame = byId("log-frame");
  #toEnd = byId("to-end");
  #log = byId("log");
  #room;
  #generation = 0;
  #isAtEnd = true;
  /** Of lines that are shown and may change: what is in sight of them. */
  #versions = new Map();

  constructor() {
    this.#toEnd.addEventListener("click", () => {
      this.scrollToEnd();
      this.#log.focus();
    });
    // A keyboard that comes up on a telephone, a text of many lines: the end stays in sight.
    new ResizeObserver(() => this.#isAtEnd && this.scrollToEnd()).observe(this.#frame);
  }

  /** @param {import("./room.js").Room} room */
  show(room) {
    const isOther = room !== this.#room || room.generation !== this.#generation;
    const scrolledTo = isOther ? this.#begin(room) : undefined;
    const firstId = room.lines[0]?.id ?? Number.POSITIVE_INFINITY;
    this.#removeBefore(firstId);
    const shown = Number(this.#log.lastElementChild?.dataset.id ?? 0);
    for (const line of this.#changedLines(room)) this.#replace(line);
    const from = room.lines.findLastIndex(({ id }) => id === shown) + 1;
    const fresh = document.createDocumentFragment();
    for (let i = from; i < room.lines.length; i++) {
      const element = this.#lineElement(room.lines[i], room.lines[i - 1]);
      if (!isOther) element.classList.add("fresh");
      fresh.append(element);
    }
    const hasNew = fresh.childElementCount > 0;
    this.#log.append(fresh);
    if (this.#isAtEnd) this.scrollToEnd();
    else if (scrolledTo !== undefined) this.#log.scrollTop = scrolledTo;
    if (!this.#isAtEnd && hasNew) this.#toEnd.hidden = false;
  }

  scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#isAtEnd = true;
    this.#toEnd.hidden = true;
  }

  /** By half a page, from wherever the focus is. */
  scrollPage(direction) {
    this.#log.scrollBy({ top: direction * this.#log.clientHeight * 0.8 });
  }

  /** Another element, not other contents: what a room has said before is not read out as news. */
  #begin(room) {
    const isSame = room === this.#room;
    const { scrollTop } = this.#log;
    const log = make("div");
    log.id = "log";
    log.tabIndex = 0;
    log.setAttribute("role", "log");
    log.setAttribute("aria-live", "polite");
    log.setAttribute("aria-label", `Messages in ${room.name}`);
    log.addEventListener("scroll", () => {
      this.#isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < END_PIXELS;
      if (this.#isAtEnd) this.#toEnd.hidden = true;
    });
    this.#log.replaceWith(log);
    this.#log = log;
    this.#room = room;
    this.#generation = room.generation;
    this.#versions.clear();
    if (!isSame) this.#isAtEnd = true;
    return scrollTop;
  }

  #removeBefore(firstId) {
    let isCut = false;
    for (;;) {
      const first = this.#log.firstElementChild;
      if (first === null || Number(first.dataset.id) >= firstId) break;
      this.#versions.delete(Number(first.dataset.id));
      first.remove();
      isCut = true;
    }
    if (isCut) this.#log.firstElementChild?.classList.remove("together");
  }

  #changedLines({ lines }) {
    return [...this.#versions].flatMap(([id, version]) => {
      const line = lines.find((each) => each.id === id);
      return line !== undefined && line.version !== version ? [line] : [];
    });
  }

  #replace(line) {
    const element = this.#log.querySelector(`[data-id="${line.id}"]`);
    element?.querySelector(".presence").replaceWith(presenceElement(line));
    this.#versions.set(line.id, line.version);
  }

  #lineElement(line, before) {
    const element = make("div", `line ${line.kind}-line`);
    const isFirstNew = before !== undefined && before.id === this.#room.readId;
    element.dataset.id = String(line.id);
    if (before === undefined || !isSameDay(line.at, before.at)) {
      element.append(make("p", "day", fullDate.format(line.at)));
    } else if (!isFirstNew && isTogether(line, before)) element.classList.add("together");
    if (isFirstNew) {
      this.#log.querySelector(".new")?.remove(); // there is one place where one began to miss some
      element.append(make("p", "new", "New"));
    }
    if (line.kind === "presence") {
      this.#versions.clear(); // only the last line can change
      this.#versions.set(line.id, line.version);
      element.append(presenceElement(line));
      element.setAttribute("aria-live", "off");
    } else if (line.kind === "message") element.append(...messageElements(line));
    else element.append(otherElement(line));
    if (line.isOwn) element.classList.add("own");
    if (line.isMention) element.classList.add("mention");
    return element;
  }
}

function messageElements({ nick, text, at }) {
  const face = make("span", `face ${hueOf(fold(nick))}`, firstLetter(nick));
  face.setAttribute("aria-hidden", "true");
  const name = isolated(nick, `nick ${hueOf(fold(nick))}`);
  return [face, make("p", "by", name, " ", timeElement(at)), textElement("p", text)];
}

/** "* anna waves", "-server- restarts", and what the page itself says. */
function otherElement({ kind, nick, text, at }) {
  const element = make("p", kind);
  if (kind === "action") element.append("* ", isolated(nick, `nick ${hueOf(fold(nick))}`), " ");
  if (kind === "notice") element.append(isolated(nick, "nick"), ": ");
  element.append(textElement("bdi", text), " ", timeElement(at));
  return element;
}

function presenceElement({ events, earlier, at }) {
  const element = make("p", "presence");
  const shown = events.slice(-EVENTS_SHOWN);
  const left = events.length - shown.length + earlier;
  if (left > 0) element.append(`${left} earlier · `);
  shown.forEach(({ nick, what, other }, i) => {
    if (i > 0) element.append(" · ");
    element.append(isolated(nick, "nick"), ` ${what}`);
    if (other !== undefined) element.append(" ", isolated(other));
  });
  element.append(" ", timeElement(at));
  return element;
}

function textElement(tag, text) {
  const element = make(tag, "said");
  element.dir = "auto";
  for (const part of linkParts(text)) {
    if (part.href === undefined) {
      element.append(part.text);
      continue;
    }
    const link = make("a", "", part.text);
    link.href = part.href;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    element.append(link);
  }
  return element;
}

function timeElement(at) {
  const date = new Date(at);
  const element = make("time", "", clock.format(date));
  element.dateTime = date.toISOString();
  return element;
}

function firstLetter(name) {
  return (/[\p{L}\p{N}]\p{M}?/u.exec(name)?.[0] ?? "?").toUpperCase();
}

function isSameDay(a, b) {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

function isTogether(line, before) {
  const areMessages = line.kind === "message" && before.kind === "message";
  return areMessages && fold(line.nick) === fold(before.nick) && line.at - before.at < TOGETHER_MS;
}
