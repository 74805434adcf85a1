/**
 * The script of the live page: joins the feed to what shows it. Nothing that comes is ever taken
 * for HTML.
 */
import { Diagram } from "./diagram.js";
import { Feed } from "./feed.js";
import { ChangeLog } from "./log.js";
import { ReactorStats } from "./stats.js";
import { SocketTable } from "./table.js";

const element = (id) => document.getElementById(id);
const diagram = new Diagram(element("diagram"));
const table = new SocketTable(element("listeners"), element("connections"));
const log = new ChangeLog(element("log"));
const stats = new ReactorStats();

const feed = new Feed("/live", {
  onState(text, mood) {
    element("feed-state").textContent = text;
    element("feed-state").className = `badge ${mood}`;
  },
  onHello(hello) {
    element("close-wait").textContent = String(hello.closeWaitMs / 1000);
    element("fin-wait").textContent = String(hello.finWaitMs / 1000);
    element("backend").textContent = hello.backend;
    stats.restart();
    diagram.restart();
    table.restart();
    log.restart(hello.changes);
  },
  onBeat(beat, missed) {
    if (missed > 0) log.note(`${missed} beats missed: this page did not read`);
    log.add(beat.changes, beat.changesLeftOut, beat.nowMs);
    diagram.show(beat);
    table.show(beat);
    stats.show(beat);
    showSummary(beat);
    showAddresses(beat.listeners);
  },
});

/** The diagram in words, for who does not see it, and for the last row. */
function showSummary({ listeners, rows, connections }) {
  const counts = new Map([["LISTEN", listeners.length]]);
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  const words = Array.from(counts, ([state, count]) => `${count} ${state ?? "unknown"}`);
  const more = connections - rows.length;
  if (more > 0) words.push(`${more} more that were active longer ago, not looked at`);
  element("diagram-summary").textContent = words.join(", ");
  element("sockets-note").textContent =
    `${connections} connection${connections === 1 ? "" : "s"}` +
    (more > 0 ? `, the ${rows.length} last active are shown` : "");
}

/** The commands, with the ports that it listens on. */
function showAddresses(listeners) {
  for (const { service, address } of listeners) {
    const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(address);
    const isAny = host === "0.0.0.0" || host === "::";
    const name = isAny ? location.hostname.replace(/^\[|\]$/g, "") : host;
    for (const example of document.querySelectorAll(`[data-try="${service}"]`)) {
      example.dataset.text ??= example.textContent;
      example.textContent = example.dataset.text.replace("HOST", name).replace("PORT", port);
    }
  }
}

element("feed-toggle").addEventListener("click", () => {
  feed.toggle();
  element("feed-toggle").textContent = feed.isPaused ? "Go on" : "Pause";
});
element("log-clear").addEventListener("click", () => log.clear());
