/** The list of changes of state, the newest first. */
import { chip, textOf } from "./parts.js";

/** Older ones go. */
const LINES_MAX = 200;

export class ChangeLog {
  #list;

  constructor(list) {
    this.#list = list;
  }

  /** Of a server that may be another one: those that it knows of. */
  restart(changes) {
    if (this.#list.childElementCount > 0) {
      this.note("connected again");
      return;
    }
    for (const change of changes) this.#addLine(change, "before");
  }

  add(changes, leftOut, nowMs) {
    for (const change of changes) {
      const at = new Date(Date.now() - (nowMs - change.atMs));
      this.#addLine(change, `${at.toTimeString().slice(0, 8)}.${tenths(at)}`);
    }
    if (leftOut > 0) this.note(`and ${leftOut} changes more`);
  }

  note(text) {
    this.#prepend(textOf("li", text, "note"));
  }

  clear() {
    this.#list.replaceChildren();
  }

  #addLine(change, time) {
    const { id, service, peer, from, to } = change;
    const line = document.createElement("li");
    line.append(textOf("time", time), textOf("span", `${service} #${id}`, `service ${service}`));
    const states = document.createElement("span");
    states.append(from === undefined ? "accept" : chip(from), " → ");
    for (const between of unseen(change)) states.append(chip(between, true), " → ");
    states.append(chip(to));
    line.append(states, textOf("span", `${peer}${remark(change)}`, "peer"));
    this.#prepend(line);
  }

  #prepend(line) {
    this.#list.prepend(line);
    while (this.#list.childElementCount > LINES_MAX) this.#list.lastElementChild.remove();
  }
}

/** What TCP must have passed through, too quickly to be looked at, or without a descriptor. */
export function unseen({ from, to, reason, peerEnded }) {
  if (to !== "CLOSED" || reason !== undefined) return [];
  if (from === "CLOSE_WAIT") return ["LAST_ACK"];
  return isWaiting(from) && peerEnded ? ["TIME_WAIT"] : [];
}

function remark({ from, to, reason, peerEnded }) {
  if (reason !== undefined) return `: ${reason}`;
  const isGivenUp = to === "CLOSED" && isWaiting(from) && !peerEnded;
  return isGivenUp ? ": not waited for any longer" : "";
}

function isWaiting(state) {
  return state === "FIN_WAIT1" || state === "FIN_WAIT2";
}

function tenths(date) {
  return Math.floor(date.getMilliseconds() / 100);
}
