/** How it stands with the connection, always in sight; and the form that asks for a nickname. */
import { byId, setText } from "./dom.js";

export class StateView {
  #countdown = byId("countdown");
  #timer;

  /** @param {() => void} retry */
  constructor(retry) {
    byId("retry").addEventListener("click", retry);
  }

  /**
   * @param {import("./connection.js").Connection} connection
   * @param {import("./client.js").Client} client
   * @param {boolean} isAsking another nickname is wanted
   */
  show({ state, retryAt }, client, isAsking) {
    const isIn = state === "open" && client.isRegistered;
    byId("connection").dataset.state = isIn ? "in" : state;
    byId("retry").hidden = state !== "waiting";
    const isWaiting = isAsking && state === "open";
    const words = isWaiting ? "Another nickname is wanted" : wordsFor(state, client);
    setText(byId("state"), isIn ? `Connected as ${client.nick}` : words);
    clearTimeout(this.#timer);
    this.#countdown.textContent = "";
    if (state === "waiting") this.#count(retryAt);
  }

  /** Not where the state is announced: nobody wants to hear each second. */
  #count(retryAt) {
    const seconds = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
    this.#countdown.textContent = seconds === 0 ? "now" : `in ${seconds} s`;
    if (seconds > 0) this.#timer = setTimeout(() => this.#count(retryAt), 250);
  }
}

function wordsFor(state, { lastError }) {
  if (state === "closed") return "Not connected";
  if (state !== "waiting") return "Connecting …";
  // "Closing Link: HOST (Server going down)": of interest is what stands last.
  const reason = /\((.+)\)$/.exec(lastError)?.[1] ?? lastError;
  return `${reason === "" ? "Connection lost" : reason}, trying again`;
}

/** The nickname is asked for here, first and when the server wants another. */
export class EnterForm {
  #nick = byId("nick");
  #error = byId("enter-error");

  /** @param {(nick: string) => void} enter */
  constructor(enter) {
    byId("enter-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const nick = this.#nick.value.trim();
      this.#nick.value = nick;
      if (nick === "" || /\s/.test(nick)) this.ask(nick, "A nickname is one word");
      else {
        this.refuse("");
        enter(nick);
      }
    });
  }

  /** @param {string} room that will be entered */
  show(nick, room) {
    setText(byId("enter-room"), room);
    byId("enter").hidden = false;
    byId("chat").hidden = true;
    if (!this.#nick.value) this.#nick.value = nick;
    this.#nick.select();
  }

  hide() {
    byId("enter").hidden = true;
    byId("chat").hidden = false;
    this.refuse("");
  }

  get isShown() {
    return !byId("enter").hidden;
  }

  /** Another nickname, please: this one for instance. */
  ask(nick, reason) {
    this.#nick.value = nick;
    this.refuse(reason);
    this.#nick.focus();
    this.#nick.select();
  }

  refuse(reason) {
    setText(this.#error, reason);
    this.#nick.setAttribute("aria-invalid", String(reason !== ""));
  }
}
