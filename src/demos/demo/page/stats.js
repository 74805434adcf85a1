/** What the reactor does, as rates of the last second: of two beats, and what is between them. */
import { setText } from "./parts.js";

/** Of the chart. */
const CHART_MS = 60_000;

/** Rates are of so long a time, so that they can be read. */
const WINDOW_MS = 1000;

const element = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export class ReactorStats {
  #beats = [];
  #rates = [];

  /** Whoever answers next counts from 0. */
  restart() {
    this.#beats = [];
    this.#rates = [];
  }

  show(beat) {
    const beats = this.#beats;
    beats.push(beat);
    while (beats.length > 2 && beat.nowMs - beats[1].nowMs >= WINDOW_MS) beats.shift();
    if (beats.length < 2) return;
    this.#showRates(beats[0], beat);
  }

  #showRates(first, last) {
    const ms = last.nowMs - first.nowMs;
    const of = (name) => last.stats[name] - first.stats[name];
    const turns = of("turns");
    const turnRate = (1000 * turns) / ms;
    const share = (part) => `${((100 * part) / ms).toFixed(2)} %`;
    setText(element("turns"), numbers.format(turnRate));
    setText(element("events"), turns === 0 ? "–" : (of("events") / turns).toFixed(2));
    setText(element("turn-time"), turns === 0 ? "–" : timeText(of("dispatchMs") / turns));
    setText(element("wait-time"), turns === 0 ? "–" : timeText(of("waitMs") / turns));
    setText(element("busy"), share(of("dispatchMs")));
    setText(element("timers"), numbers.format(last.stats.timers));
    const beats = (1000 * (last.observer.beats - first.observer.beats)) / ms;
    const spent = share(last.observer.ms - first.observer.ms);
    const { listeners } = last.observer;
    const pages = listeners > 1 ? `these ${listeners} pages` : "this page";
    const turnsText = `${numbers.format(beats)} turns a second`;
    setText(element("observer"), `${pages}: ${turnsText}, ${spent} of the time`);
    this.#draw(last.nowMs, turnRate);
  }

  #draw(nowMs, rate) {
    const rates = this.#rates;
    rates.push([nowMs, rate]);
    while (nowMs - rates[0][0] > CHART_MS) rates.shift();
    const top = Math.max(8, ...rates.map(([, value]) => value));
    const points = rates.map(
      ([at, value]) => `${300 - (300 * (nowMs - at)) / CHART_MS} ${46 - (42 * value) / top}`,
    );
    const line = `M${points.join("L")}`;
    const left = 300 - (300 * (nowMs - rates[0][0])) / CHART_MS;
    document.querySelector("#chart .line").setAttribute("d", line);
    document.querySelector("#chart .area").setAttribute("d", `${line}L300 48L${left} 48Z`);
    setText(element("chart-top"), numbers.format(top));
  }
}

function timeText(ms) {
  if (ms >= 1) return `${numbers.format(ms)} ms`;
  return `${Math.round(ms * 1000)} µs`;
}
