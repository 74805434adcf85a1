/** The lists beside the talk, where the screen is too narrow for them: buttons open them over it. */
import { byId } from "./dom.js";

export class Panels {
  #toggles = new Map([
    [byId("rooms-toggle"), byId("rooms-panel")],
    [byId("people-toggle"), byId("people-panel")],
  ]);

  constructor() {
    for (const [toggle, panel] of this.#toggles) {
      toggle.addEventListener("click", () => {
        const isOpen = panel.classList.contains("open");
        this.close();
        this.#set(toggle, panel, !isOpen);
        if (!isOpen) panel.querySelector("button:not(:disabled)")?.focus();
      });
      panel.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !panel.classList.contains("open")) return;
        this.close();
        toggle.focus();
      });
    }
    byId("room").addEventListener("pointerdown", ({ target }) => {
      if (!this.#toggles.has(target.closest("button"))) this.close();
    });
  }

  close() {
    for (const [toggle, panel] of this.#toggles) this.#set(toggle, panel, false);
  }

  #set(toggle, panel, isOpen) {
    panel.classList.toggle("open", isOpen);
    toggle.setAttribute("aria-expanded", String(isOpen));
  }
}
