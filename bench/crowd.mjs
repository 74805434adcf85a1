// The other end of the memory bench: many connections that do nothing, or one message each.
import { once } from "node:events";
import { connect } from "node:net";

/** Not more connects at a time than any backlog holds. */
const OPENING_MAX = 100;
const TIMEOUT_MS = 20_000;

/**
 * @typedef {object} Exchange
 * @property {string} message that is sent
 * @property {(answer: string) => boolean} isAnswered whether that much is the whole answer
 */

/** @type {Exchange} 64 bytes there and back */
export const echoExchange = {
  message: "x".repeat(64),
  isAnswered: (answer) => answer.length === 64,
};

export class Crowd {
  /** @type {import("node:net").Socket[]} */
  #sockets = [];
  #port;
  #exchange;

  /**
   * @param {number} port of a server on 127.0.0.1
   * @param {Exchange} [exchange] what a message is
   */
  constructor(port, exchange = echoExchange) {
    this.#port = port;
    this.#exchange = exchange;
  }

  /**
   * Opens so many connections. When it is done, the server has accepted them all: it takes them
   * in their order, and the last one had a message answered.
   *
   * @param {number} count
   * @throws {Error} if one fails
   */
  async open(count) {
    for (let left = count; left > 0; left -= OPENING_MAX) {
      const opening = Array.from({ length: Math.min(left, OPENING_MAX) }, () => this.#openOne());
      this.#sockets.push(...(await Promise.all(opening)));
      await this.#talk(this.#sockets.at(-1));
    }
  }

  /** Has one message answered on each connection. */
  async talk() {
    for (let i = 0; i < this.#sockets.length; i += OPENING_MAX) {
      const some = this.#sockets.slice(i, i + OPENING_MAX);
      await Promise.all(some.map((socket) => this.#talk(socket)));
    }
  }

  /** Ends all connections; when it is done, the server has closed them too. */
  async close() {
    const ending = this.#sockets.map((socket) => {
      socket.resume().end();
      return socket.closed ? undefined : once(socket, "close", limit());
    });
    this.#sockets = [];
    await Promise.all(ending);
  }

  /** For any way out. */
  destroy() {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets = [];
  }

  async #openOne() {
    const socket = connect({ host: "127.0.0.1", port: this.#port, noDelay: true });
    try {
      await once(socket, "connect", limit());
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return socket;
  }

  /** @param {import("node:net").Socket} socket */
  async #talk(socket) {
    const { message, isAnswered } = this.#exchange;
    socket.write(message);
    for (let answer = ""; !isAnswered(answer); ) {
      const [bytes] = await once(socket, "data", limit());
      answer += bytes.toString("latin1");
    }
  }
}

function limit() {
  return { signal: AbortSignal.timeout(TIMEOUT_MS) };
}
