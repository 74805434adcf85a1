/**
 * The script of the demo's page: one section a route. Nothing that comes is ever taken for HTML.
 */

/** What the chart shows, in seconds. */
const CHART_SECONDS = 60;

const element = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat("en");

function say(id, text, mood = "") {
  element(id).textContent = text;
  element(id).className = `badge ${mood}`;
}

// Events

const turnsPerSecond = [];
let source;
let lastStats;

function listen() {
  say("events-state", "connecting …");
  source = new EventSource("events");
  source.onopen = () => say("events-state", "connected", "good");
  source.onerror = () => {
    const isOver = source.readyState === EventSource.CLOSED; // the answer was no 200
    say("events-state", isOver ? "refused" : "gone, trying again …", "bad");
    lastStats = undefined; // whoever answers next counts from 0
  };
  source.addEventListener("stats", (event) => showStats(JSON.parse(event.data)));
  element("events-toggle").textContent = "Pause";
}

function stopListening() {
  source.close();
  source = undefined;
  lastStats = undefined;
  say("events-state", "paused");
  element("events-toggle").textContent = "Go on";
}

function showStats(stats) {
  for (const name of ["turns", "callbacks", "requests", "activeConnections"]) {
    element(name).textContent = numbers.format(stats[name]);
  }
  element("bytesWritten").textContent = bytesText(stats.bytesWritten);
  const { dispatchMs, waitMs } = stats;
  element("busy").textContent = `${((100 * dispatchMs) / (dispatchMs + waitMs || 1)).toFixed(2)} %`;
  if (lastStats !== undefined) drawChart(stats.turns - lastStats.turns);
  lastStats = stats;
}

function drawChart(turns) {
  turnsPerSecond.push(turns);
  if (turnsPerSecond.length > CHART_SECONDS) turnsPerSecond.shift();
  const top = Math.max(4, ...turnsPerSecond);
  const first = CHART_SECONDS - turnsPerSecond.length;
  const points = turnsPerSecond.map(
    (value, i) => `${((first + i) / (CHART_SECONDS - 1)) * 300} ${46 - (42 * value) / top}`,
  );
  const line = `M${points.join("L")}`;
  const left = (first / (CHART_SECONDS - 1)) * 300;
  document.querySelector("#chart .line").setAttribute("d", line);
  document.querySelector("#chart .area").setAttribute("d", `${line}L300 48L${left} 48Z`);
}

function bytesText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${["", "KiB", "MiB", "GiB", "TiB"][power]}`;
}

element("events-toggle").addEventListener("click", () => (source ? stopListening() : listen()));

// Echo

element("echo").addEventListener("submit", async (event) => {
  event.preventDefault();
  say("echo-state", "sending …");
  try {
    const response = await fetch("api/echo", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: element("echo-body").value,
    });
    const text = await response.text();
    element("echo-answer").textContent = text;
    say("echo-state", `status ${response.status}`, response.ok ? "good" : "bad");
  } catch (error) {
    say("echo-state", error.message, "bad");
  }
});

// Slow

let stopSlow;

element("slow-stop").addEventListener("click", () => stopSlow?.abort());
element("slow-start").addEventListener("click", async () => {
  stopSlow = new AbortController();
  setSlowRunning(true);
  say("slow-state", "coming …");
  try {
    await readSlow(stopSlow.signal);
    say("slow-state", "complete", "good");
  } catch (error) {
    say("slow-state", error.name === "AbortError" ? "stopped" : error.message, "bad");
  }
  setSlowRunning(false);
});

async function readSlow(signal) {
  element("slow-answer").textContent = "";
  const response = await fetch("slow", { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    element("slow-answer").textContent = text;
    element("slow-progress").value = text.split("\n").length - 1;
  }
}

function setSlowRunning(isRunning) {
  element("slow-start").disabled = isRunning;
  element("slow-stop").disabled = !isRunning;
  if (isRunning) element("slow-progress").value = 0;
}

// Files

async function showFiles() {
  const response = await fetch("api/files");
  if (!response.ok) throw new Error(await response.text());
  const { list, entries, isWhole } = await response.json();
  if (!list) {
    element("files-note").textContent = "Start it with --root DIR --list to see your files here.";
    return;
  }
  element("files-note").textContent =
    entries.length === 0
      ? "The folder is empty."
      : `${isWhole ? "" : "Only "}${entries.length} in the folder that is served`;
  element("files").replaceChildren(...entries.map(fileItem));
}

function fileItem({ name, url, size }) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const bytes = document.createElement("span");
  link.href = url;
  link.textContent = size === undefined ? `${name}/` : name;
  bytes.textContent = size === undefined ? "" : bytesText(size);
  item.append(link, bytes);
  return item;
}

const here = new URL("./", location.href).href;
element("shell").textContent = element("shell").textContent.replaceAll("http://HOST/", here);
listen();
showFiles().catch((error) => {
  element("files-note").textContent = error.message;
});
