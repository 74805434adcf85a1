/**
 * Which additions to IRC are spoken: of those that the server offers, the ones that the page can.
 * https://ircv3.net/specs/extensions/capability-negotiation
 */

const WISHED = ["batch", "server-time", "echo-message", "multi-prefix"];

export class Capabilities {
  #offered = new Set();
  #spoken = new Set();

  /** Another connection, another server perhaps. */
  clear() {
    this.#offered.clear();
    this.#spoken.clear();
  }

  has(name) {
    return this.#spoken.has(name);
  }

  /**
   * One CAP of the server.
   *
   * @param {string[]} params "*", "LS", perhaps "*" where another line of them follows, the names
   * @returns {string[] | undefined} the words of our answer, if there is one
   */
  negotiate([, verb, ...rest]) {
    const names = (rest.at(-1) ?? "").split(" ").map((name) => name.split("=")[0]);
    switch (verb) {
      case "LS": {
        for (const name of names) this.#offered.add(name);
        if (rest.length > 1) return undefined;
        const wished = WISHED.filter((name) => this.#offered.has(name));
        return wished.length > 0 ? ["REQ", wished.join(" ")] : ["END"];
      }
      case "ACK":
        for (const name of names) this.#spoken.add(name);
        return ["END"];
      case "NAK":
        return ["END"];
      case "DEL":
        for (const name of names) this.#spoken.delete(name);
        return undefined;
      default:
        return undefined;
    }
  }
}
