/** The dialog in which a room is found or made: what the server lists, and a name. */
import { byId, isolated, make, reconcile, setText } from "./dom.js";

/** Of all that match, the fullest; who looks for another types more of its name. */
const ROOMS_SHOWN = 100;

export class RoomBrowser {
  #dialog = byId("browser");
  #name = byId("browser-name");
  #rooms = [];
  #join;

  /** @param {{ ask: () => boolean, join: (name: string) => void }} actions */
  constructor({ ask, join }) {
    this.#join = join;
    byId("browse").addEventListener("click", () => this.open(ask));
    byId("browser-close").addEventListener("click", () => this.#dialog.close());
    this.#name.addEventListener("input", () => this.#show());
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close(); // beside it
    });
    byId("browser-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const name = this.#name.value.trim().replace(/[\s,]+/g, "-");
      if (name !== "") this.#choose(name);
    });
  }

  open(ask) {
    this.#name.value = "";
    this.#rooms = [];
    this.#show();
    this.#say(ask() ? "Asking …" : "Not connected");
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#name.focus();
  }

  /** The server has answered. */
  list(rooms) {
    this.#rooms = rooms.sort((a, b) => b.users - a.users || a.name.localeCompare(b.name));
    this.#show();
  }

  #show() {
    const part = this.#name.value.trim().replace(/^#/, "").toLowerCase();
    const found = this.#rooms.filter(({ name }) => name.toLowerCase().includes(part));
    const shown = found.slice(0, ROOMS_SHOWN);
    const which = shown.length < found.length ? `the first ${shown.length} of ` : "";
    this.#say(`${which}${found.length} ${found.length === 1 ? "room" : "rooms"}`);
    reconcile(byId("browser-rooms"), shown, {
      key: ({ name }) => name,
      create: ({ name }) => {
        const words = [isolated(name, "name"), make("span", "count"), isolated("", "topic")];
        const button = make("button", "entry", ...words);
        button.type = "button";
        button.addEventListener("click", () => this.#choose(name));
        return make("li", "", button);
      },
      update: (item, { users, topic }) => {
        const [, count, about] = item.firstElementChild.children;
        setText(count, users === 1 ? "1 person" : `${users} people`);
        setText(about, topic);
      },
    });
  }

  #choose(name) {
    this.#dialog.close();
    this.#join(name);
  }

  #say(text) {
    setText(byId("browser-state"), text);
  }
}
