// The other end of the memory bench: many connections that do nothing, or one message each.
import { once } from "node:events";
import { connect } from "node:net";

/** Not more connects at a time than any backlog holds. */
const OPENING_MAX = 100;
const MESSAGE = Buffer.alloc(64, "x");
const TIMEOUT_MS = 20_000;

export class Crowd {
  /** @type {import("node:net").Socket[]} */
  #sockets = [];
  #port;

  /** @param {number} port of a server on 127.0.0.1 */
  constructor(port) {
    this.#port = port;
  }

  /**
   * Opens so many connections. When it is done, the server has accepted them all: it takes them
   * in their order, and the last one had a message echoed.
   *
   * @param {number} count
   * @throws {Error} if one fails
   */
  async open(count) {
    for (let left = count; left > 0; left -= OPENING_MAX) {
      const opening = Array.from({ length: Math.min(left, OPENING_MAX) }, () => this.#openOne());
      this.#sockets.push(...(await Promise.all(opening)));
      await echo(this.#sockets.at(-1));
    }
  }

  /** Has one message echoed on each connection. */
  async talk() {
    for (let i = 0; i < this.#sockets.length; i += OPENING_MAX) {
      await Promise.all(this.#sockets.slice(i, i + OPENING_MAX).map(echo));
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
}

/** @param {import("node:net").Socket} socket */
async function echo(socket) {
  socket.write(MESSAGE);
  for (let received = 0; received < MESSAGE.length; ) {
    const [bytes] = await once(socket, "data", limit());
    received += bytes.length;
  }
}

function limit() {
  return { signal: AbortSignal.timeout(TIMEOUT_MS) };
}
