/**
 * The table of sockets: one row each, kept as long as the socket lives and a moment longer, so that
 * its end is seen.
 */
import { ageText, bytesText, chip, setText, textOf } from "./parts.js";

/** How long a closed one stays. */
const GONE_MS = 2500;

/** Where there are so many rows, a closed one goes at once. */
const ROWS_MAX = 100;

/** Marks of a row that has numbers. */
const CELLS = ["age", "unread", "queued", "kernel", "received", "sent"];

export class SocketTable {
  #listenerBody;
  #body;
  #rows = new Map();

  constructor(listenerBody, body) {
    this.#listenerBody = listenerBody;
    this.#body = body;
  }

  /** Another server counts from 1 again. */
  restart() {
    this.#rows.clear();
    this.#body.replaceChildren();
    this.#listenerBody.replaceChildren();
  }

  show({ listeners, rows, changes }) {
    this.#showListeners(listeners);
    const now = new Set(rows.map(({ id }) => id));
    for (const row of rows) this.#showRow(row);
    const closed = new Set(changes.filter(({ to }) => to === "CLOSED").map(({ id }) => id));
    for (const [id, parts] of this.#rows) {
      if (!now.has(id)) this.#remove(id, parts, closed.has(id));
    }
  }

  #showListeners(listeners) {
    if (this.#listenerBody.childElementCount !== listeners.length) {
      this.#listenerBody.replaceChildren(...listeners.map(listenerRow));
    }
    listeners.forEach(({ state, connections, waiting, waitingMax }, index) => {
      const { cells } = this.#listenerBody.children[index];
      showState(cells[0].firstElementChild, state);
      const backlog = waiting === undefined ? "" : `, ${waiting} of ${waitingMax} wait for accept`;
      setText(cells[3], `${connections} open${backlog}`);
    });
  }

  #showRow(row) {
    let parts = this.#rows.get(row.id);
    if (parts === undefined) {
      parts = makeRow(row);
      this.#rows.set(row.id, parts);
      this.#body.prepend(parts.tr); // the newest is what is looked for
    }
    showState(parts.state, row.state);
    setText(parts.age, ageText(row.ageMs));
    showBytes(parts.unread, row.receiveQueueBytes);
    showBytes(parts.queued, row.queuedBytes);
    showBytes(parts.kernel, row.sendQueueBytes);
    setText(parts.received, bytesText(row.bytesRead));
    setText(parts.sent, bytesText(row.bytesWritten));
  }

  /** @param isClosed false: it is still there, but others were active since. */
  #remove(id, { tr, state }, isClosed) {
    this.#rows.delete(id);
    if (!isClosed || this.#body.childElementCount > ROWS_MAX) {
      tr.remove();
      return;
    }
    showState(state, "CLOSED");
    tr.className = "gone";
    setTimeout(() => tr.remove(), GONE_MS);
  }
}

function listenerRow({ service, address, state }) {
  const tr = document.createElement("tr");
  const first = document.createElement("th");
  first.scope = "row";
  first.append(chip(state));
  const rest = textOf("td", "");
  rest.colSpan = CELLS.length;
  tr.append(first, textOf("td", service, `service ${service}`), textOf("td", address), rest);
  return tr;
}

function makeRow({ id, service, peer, state, isObserver }) {
  const tr = document.createElement("tr");
  tr.dataset.id = String(id);
  const first = document.createElement("th");
  first.scope = "row";
  const parts = { tr, state: chip(state) };
  first.append(parts.state);
  const peerCell = textOf("td", peer);
  if (isObserver) peerCell.append(" ", textOf("span", "live page", "tag"));
  tr.append(first, textOf("td", `${service} #${id}`, `service ${service}`), peerCell);
  for (const name of CELLS) {
    parts[name] = textOf(
      "td",
      "",
      name === "received" || name === "sent" ? "number minor" : "number",
    );
    tr.append(parts[name]);
  }
  return parts;
}

function showState(element, state) {
  setText(element, state ?? "?");
  element.dataset.state = state ?? "";
}

/** What waits stands out; nothing is quiet. */
function showBytes(cell, bytes) {
  setText(cell, bytesText(bytes));
  cell.classList.toggle("waiting", bytes > 0);
}
