/**
 * A WebSocket that comes back: when it is lost it is tried again, later each time and not at the same
 * moment as everybody else's. One that has gone silent is asked, and given up if it does not answer.
 * It knows lines, not what they say; the client above it does.
 */

/** Of IRC over WebSocket: one line in a text message. https://ircv3.net/specs/extensions/websocket */
export const SUBPROTOCOL = "text.ircv3.net";

/** The longest pause before the second, third … attempt doubles from the first to the last. */
const RETRY_FIRST_MS = 1000;
export const RETRY_LAST_MS = 30_000;

/** What has been registered for so long is no longer counted among the failures. */
const SETTLED_MS = 20_000;

/** After so much silence a PING asks whether anybody is there: a laptop was shut, a network changed. */
const SILENCE_MS = 60_000;

/** It has so long to answer. */
const ANSWER_MS = 20_000;

/**
 * How long to wait after `failures` attempts, from half to the whole of a time that doubles: a server
 * that was restarted is not met by all its pages at once.
 *
 * @param {number} failures from 0
 * @param {number} random from 0 to 1
 */
export function retryDelayMs(failures, random) {
  const longest = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 30));
  return Math.round(longest * (0.5 + random / 2));
}

export class Connection {
  /** @type {"closed" | "connecting" | "open" | "waiting"} */
  state = "closed";
  /** While it waits: when it tries again, by `Date.now()`. */
  retryAt = 0;
  #url;
  #handler;
  #socket;
  #failures = 0;
  #retryTimer;
  #settledTimer;
  #silenceTimer;

  /**
   * @param {string} url
   * @param {{ onState(): void, onOpen(): void, onLine(line: string): void, onLost(): void }} handler
   */
  constructor(url, handler) {
    this.#url = url;
    this.#handler = handler;
  }

  /** Connects now, whatever it was waiting for. Does nothing where there is a connection. */
  open() {
    if (this.state === "connecting" || this.state === "open") return;
    clearTimeout(this.#retryTimer);
    const socket = new WebSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    socket.onopen = () => {
      this.#setState("open");
      this.#listen();
      this.#handler.onOpen();
    };
    socket.onmessage = ({ data }) => {
      this.#listen();
      if (typeof data === "string") this.#handler.onLine(data);
    };
    socket.onclose = () => this.#lose(); // an error comes first, and says no more than this
    this.#silenceTimer = setTimeout(() => this.#lose(), ANSWER_MS);
    this.#setState("connecting");
  }

  /** Ends it, and does not come back. What was sent before still goes out. */
  close() {
    this.#drop();
    this.#setState("closed");
  }

  /** @returns whether there was a connection to send it on. */
  send(line) {
    if (this.state !== "open") return false;
    this.#socket.send(line);
    return true;
  }

  /** The server has taken us: if that lasts, the next loss is a first one. */
  settle() {
    clearTimeout(this.#settledTimer);
    this.#settledTimer = setTimeout(() => {
      this.#failures = 0;
    }, SETTLED_MS);
  }

  /** The machine is online again, or somebody looks: no need to wait any longer. */
  retry() {
    if (this.state === "waiting") this.open();
  }

  #lose() {
    this.#drop();
    const delayMs = retryDelayMs(this.#failures++, Math.random());
    this.retryAt = Date.now() + delayMs;
    this.#retryTimer = setTimeout(() => this.open(), delayMs);
    this.#setState("waiting");
    this.#handler.onLost();
  }

  /** Its close may take minutes where nobody answers, so nothing of it is heard any more. */
  #drop() {
    for (const timer of [this.#retryTimer, this.#settledTimer, this.#silenceTimer]) {
      clearTimeout(timer);
    }
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #listen() {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => {
      this.send("PING :still-there");
      this.#silenceTimer = setTimeout(() => this.#lose(), ANSWER_MS);
    }, SILENCE_MS);
  }

  #setState(state) {
    this.state = state;
    this.#handler.onState();
  }
}
