/**
 * Lines that belong together: of a batch of history they are collected until it is whole.
 * https://ircv3.net/specs/extensions/batch, https://ircv3.net/specs/batches/chathistory
 */

/** Of a server that sends more, the rest is left out. */
const LINES_MAX = 1000;
const BATCHES_MAX = 32;

export class Batches {
  /** @type {Map<string, { room: string, lines: import("./room.js").SpokenLine[] }>} */
  #histories = new Map();

  clear() {
    this.#histories.clear();
  }

  /**
   * A BATCH of the server: one begins ("+reference", "chathistory", "#room"), or is whole.
   *
   * @param {string[]} params
   * @returns the history that is whole now, if it is one
   */
  take([reference = "", type, room = ""]) {
    const id = reference.slice(1);
    if (reference.startsWith("+")) {
      const isKept = type === "chathistory" && this.#histories.size < BATCHES_MAX;
      if (isKept) this.#histories.set(id, { room, lines: [] });
      return undefined;
    }
    const history = this.#histories.get(id);
    this.#histories.delete(id);
    return history;
  }

  /** @returns the history that a line belongs to, if it does. @param {Map<string, string>} tags */
  historyOf(tags) {
    return this.#histories.get(tags.get("batch"));
  }

  add({ lines }, line) {
    if (line !== undefined && lines.length < LINES_MAX) lines.push(line);
  }
}
