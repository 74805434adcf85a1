/**
 * The states of TCP as a picture, in which connections are dots that sit in their state, and go from
 * one to the next. The words of it stand below the picture, and in the table.
 */
import { CAPTIONS, layoutOf } from "./diagram-layout.js";
import { unseen } from "./log.js";

const SVG = "http://www.w3.org/2000/svg";

/** How long a dot stays where it is only passing. */
const STEP_MS = 500;

/** How long a closed one is still there. */
const GONE_MS = 900;

/** So many can be followed: of a flood, no further ones come in by LISTEN. Those of the table do. */
const DOTS_MAX = 120;

/** From one dot's middle to the next. */
const PITCH = 18;

/** Of a box, what its name takes. */
const NAME_HEIGHT = 26;

export class Diagram {
  #svg;
  #layout;
  /** By number: { g, state, way, timer }. */
  #dots = new Map();
  #boxes = new Map();
  #listeners = [];
  #isPlacing = false;

  constructor(svg) {
    this.#svg = svg;
    const wide = matchMedia("(min-width: 44rem)");
    wide.addEventListener("change", () => this.#draw(wide.matches));
    this.#draw(wide.matches);
  }

  /** Whoever counts from 1 again. */
  restart() {
    for (const dot of this.#dots.values()) this.#drop(dot);
    this.#dots.clear();
  }

  show({ listeners, rows, changes }) {
    this.#showListeners(listeners);
    for (const change of changes) this.#change(change);
    const shown = new Set(rows.map(({ id }) => id));
    for (const row of rows) {
      const dot = this.#dots.get(row.id) ?? this.#add(row, row.state);
      if (dot.way.length === 0 && !dot.isGone) dot.state = row.state;
    }
    for (const [id, dot] of this.#dots) {
      // Where nobody looks at the page, timers are so slow that ways would pile up.
      const isThere = dot.way.length === 0 || this.#dots.size > 2 * DOTS_MAX;
      if (isThere && !shown.has(id) && !dot.isGone) this.#leave(id, dot);
    }
    this.#placeSoon();
  }

  #change(change) {
    const { id, service, peer, from, to } = change;
    if (from === undefined && to === "ESTABLISHED" && !this.#dots.has(id)) {
      if (this.#dots.size >= DOTS_MAX) return;
      this.#go(this.#add({ id, service, peer }, "LISTEN"), id, ["SYN_RECV", "ESTABLISHED"]);
      return;
    }
    const dot = this.#dots.get(id);
    if (dot === undefined) return;
    const between = unseen(change);
    // What is in TIME_WAIT is the kernel's alone: there our dot ends.
    this.#go(dot, id, between[0] === "TIME_WAIT" ? between : [...between, to]);
    dot.isLast = to === "CLOSED";
  }

  #go(dot, id, states) {
    dot.way.push(...states);
    if (dot.timer === undefined) this.#step(dot, id);
  }

  #step(dot, id) {
    const next = dot.way.shift();
    dot.timer = undefined;
    if (next !== undefined) {
      dot.state = next;
      dot.timer = setTimeout(() => this.#step(dot, id), STEP_MS);
      this.#placeSoon();
    } else if (dot.isLast) this.#leave(id, dot);
  }

  #add({ id, service, peer }, state) {
    const g = makeDot(`dot ${service}`, service, `${service} #${id}, ${peer}`);
    const dot = { g, state, way: [], timer: undefined, isLast: false, isGone: false };
    this.#dots.set(id, dot);
    this.#placeSoon();
    this.#svg.append(g);
    return dot;
  }

  /** It fades, unless there is a crowd. */
  #leave(id, dot) {
    dot.isGone = true;
    const remove = () => {
      if (this.#dots.get(id) === dot) this.#dots.delete(id);
      this.#drop(dot);
      this.#placeSoon();
    };
    if (this.#dots.size > DOTS_MAX) {
      remove();
      return;
    }
    dot.g.classList.add("gone");
    setTimeout(remove, GONE_MS);
  }

  #drop(dot) {
    clearTimeout(dot.timer);
    dot.g.remove();
  }

  /** Once a picture, however much has changed: each time it goes through all dots. */
  #placeSoon() {
    if (this.#isPlacing) return;
    this.#isPlacing = true;
    requestAnimationFrame(() => {
      this.#isPlacing = false;
      this.#place();
    });
  }

  /** Each dot to its place in the box of its state, by number. */
  #place() {
    const places = new Map();
    const counts = new Map();
    const next = (numbers, state) => {
      const number = numbers.get(state) ?? 0;
      numbers.set(state, number + 1);
      return number;
    };
    const put = (g, state, isCounted = true) => {
      const box = this.#layout.states[state];
      if (box === undefined) return;
      const [x, y] = placeIn(box, next(places, state));
      g.style.transform = `translate(${x}px, ${y}px)`;
      if (isCounted) next(counts, state);
    };
    for (const g of this.#listeners) put(g, "LISTEN");
    for (const [, { g, state, isGone }] of [...this.#dots].sort(([a], [b]) => a - b)) {
      put(g, state, !isGone || state === "CLOSED"); // others fade, for they are not looked at
    }
    for (const [state, { group, count }] of this.#boxes) {
      const number = counts.get(state) ?? 0;
      group.classList.toggle("busy", number > 0);
      count.textContent = number > 0 ? String(number) : "";
    }
  }

  /** Rings, which stay where they are. */
  #showListeners(listeners) {
    const open = listeners.filter(({ state }) => state === "LISTEN");
    if (open.length === this.#listeners.length) return;
    for (const g of this.#listeners) g.remove();
    this.#listeners = open.map(({ service, address }) => {
      return makeDot(`dot listener ${service}`, service, `${service}, ${address}`);
    });
    this.#svg.append(...this.#listeners);
  }

  #draw(isWide) {
    this.#layout = layoutOf(isWide);
    const { size, states, ways } = this.#layout;
    this.#svg.setAttribute("viewBox", `0 0 ${size.join(" ")}`);
    this.#boxes.clear();
    const arrow = make("marker", {
      ...{ id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4 },
      ...{ markerWidth: 7, markerHeight: 7, orient: "auto" },
    });
    arrow.append(make("path", { d: "M0 0L8 4L0 8z" }));
    const drawn = ways.flatMap(([d, word, [x, y]]) => {
      const label = make("text", { x, y, class: "word" });
      label.textContent = word;
      return [make("path", { d, class: "way", "marker-end": "url(#arrow)" }), label];
    });
    const boxes = Object.entries(states).map(([state, box]) => this.#box(state, box));
    const dots = Array.from(this.#dots.values(), ({ g }) => g);
    this.#svg.replaceChildren(arrow, ...drawn, ...boxes, ...this.#listeners, ...dots);
    this.#place();
  }

  #box(state, [x, y, width, height]) {
    const group = make("g", { class: "state", "data-state": state });
    const name = make("text", { x: x + 10, y: y + 18, class: "name" });
    const count = make("text", { x: x + width - 10, y: y + 18, class: "count" });
    const caption = make("text", { x: x + 10, y: y + height - 10, class: "caption" });
    name.textContent = state;
    caption.textContent = CAPTIONS[state] ?? "";
    group.append(make("rect", { x, y, width, height, rx: 9 }), name, caption);
    if (width > 100) group.append(count); // else there is no room beside the name
    this.#boxes.set(state, { group, count });
    return group;
  }
}

/** As many as fit stand beside each other; what is more lies on the last. */
function placeIn([x, y, width, height], index) {
  const columns = Math.max(1, Math.floor((width - 6) / PITCH));
  const rows = Math.max(1, Math.floor((height - NAME_HEIGHT) / PITCH));
  const at = Math.min(index, columns * rows - 1);
  return [
    x + 14 + PITCH * (at % columns),
    y + NAME_HEIGHT + PITCH / 2 + PITCH * Math.floor(at / columns),
  ];
}

function makeDot(className, service, words) {
  const g = make("g", { class: className });
  const letter = make("text", {});
  const title = make("title", {});
  letter.textContent = service[0];
  title.textContent = words;
  g.append(make("circle", { r: 7.5 }), letter, title);
  return g;
}

function make(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
