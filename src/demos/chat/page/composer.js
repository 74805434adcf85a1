/**
 * Where one types: Enter sends, Shift with Enter makes a line, the arrows bring back what was sent,
 * Tab completes a nickname if it can, and else does what Tab does.
 */
import { byId, setText } from "./dom.js";

/** What was sent and can be brought back. */
const SENT_MAX = 50;

export class Composer {
  #text = byId("text");
  #error = byId("composer-error");
  #sent = [];
  /** Of `#sent`; its length: what is being typed. */
  #place = 0;
  #room;

  /**
   * @param {{ send: (text: string) => string | undefined, names: () => string[] }} actions `send`
   * says what is wrong, `names` who can be meant
   */
  constructor({ send, names }) {
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(send);
      this.focus();
    });
    this.#text.addEventListener("keydown", (event) => {
      // The Enter that ends a word of Japanese sends nothing. Safari knows it by its code (229) alone.
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        this.#submit(send);
      } else if (event.key === "Tab" && !event.shiftKey) this.#complete(event, names());
      else if (event.key === "ArrowUp" || event.key === "ArrowDown") this.#recall(event);
    });
  }

  /** What was typed for one room is not sent to another. */
  show(room) {
    if (room === this.#room) return;
    if (this.#room !== undefined) this.#room.draft = this.#text.value;
    this.#room = room;
    this.#text.value = room.draft;
    this.#text.placeholder = room.kind === "server" ? "/help" : `Message to ${room.name}`;
    this.#place = this.#sent.length;
    setText(this.#error, "");
  }

  clear() {
    this.#text.value = "";
    this.#room = undefined;
    setText(this.#error, "");
  }

  /** Not on a telephone, where the keyboard would cover what was just chosen. */
  focus() {
    if (matchMedia("(pointer: coarse)").matches) return;
    this.#text.focus({ preventScroll: true });
  }

  /** What is wrong with something that was done elsewhere, if anything is. */
  tell(wrong) {
    setText(this.#error, wrong ?? "");
  }

  #submit(send) {
    const text = this.#text.value;
    // Emptied before: a command may show another room, with another draft.
    this.#text.value = "";
    const room = this.#room;
    const wrong = send(text);
    setText(this.#error, wrong ?? "");
    if (wrong !== undefined) {
      this.#text.value = text;
      return;
    }
    if (room !== undefined) room.draft = "";
    if (text.trim() === "") return;
    this.#sent = [...this.#sent.filter((each) => each !== text), text].slice(-SENT_MAX);
    this.#place = this.#sent.length;
  }

  #recall(event) {
    const isUp = event.key === "ArrowUp";
    const { value, selectionStart, selectionEnd } = this.#text;
    const isAtEdge = isUp ? selectionStart === 0 : selectionEnd === value.length;
    const isUntouched = value === "" || value === this.#sent[this.#place];
    const place = this.#place + (isUp ? -1 : 1);
    if (event.altKey || !(isAtEdge || !value.includes("\n"))) return;
    if (!isUntouched || place < 0 || place > this.#sent.length) return;
    event.preventDefault();
    this.#place = place;
    this.#text.value = this.#sent[place] ?? "";
  }

  /** The word before the cursor, if somebody's name begins so. */
  #complete(event, names) {
    const { value, selectionStart: end } = this.#text;
    const start = /\S*$/.exec(value.slice(0, end)).index;
    const begun = value.slice(start, end).toLowerCase();
    if (begun === "") return;
    const name = names.find((each) => each.toLowerCase().startsWith(begun));
    if (name === undefined) return;
    event.preventDefault();
    this.#text.setRangeText(start === 0 ? `${name}: ` : `${name} `, start, end, "end");
  }
}
