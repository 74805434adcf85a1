/** The server-sent events: told apart, counted, and what is said while there are none. */

export class Feed {
  #url;
  #listener;
  #source;
  #lastBeat;

  /** @param listener onState(text, mood), onHello(hello), onBeat(beat, missed) */
  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
    this.#open();
  }

  get isPaused() {
    return this.#source === undefined;
  }

  toggle() {
    if (this.isPaused) {
      this.#open();
      return;
    }
    this.#source.close();
    this.#source = undefined;
    this.#listener.onState("paused: the server asks nothing now", "");
  }

  #open() {
    const source = new EventSource(this.#url);
    this.#source = source;
    this.#listener.onState("connecting …", "");
    source.onopen = () => this.#listener.onState("connected", "good");
    source.onerror = () => this.#failed(source);
    source.addEventListener("hello", ({ data }) => {
      this.#lastBeat = undefined;
      document.documentElement.classList.remove("stale");
      this.#listener.onHello(JSON.parse(data));
    });
    source.addEventListener("beat", ({ data, lastEventId }) => {
      const beat = Number(lastEventId);
      const missed = this.#lastBeat === undefined ? 0 : beat - this.#lastBeat - 1;
      this.#lastBeat = beat;
      this.#listener.onBeat(JSON.parse(data), missed);
    });
  }

  /** What is shown is not of now. Browsers try again by themselves unless the answer was no 200. */
  #failed(source) {
    document.documentElement.classList.add("stale");
    const isOver = source.readyState === EventSource.CLOSED;
    const text = isOver ? "refused: enough others look" : "connection lost, trying again …";
    this.#listener.onState(text, "bad");
  }
}
