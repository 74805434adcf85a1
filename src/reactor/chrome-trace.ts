/**
 * A picture of a reactor's time: its runs, turns and errors in the trace event format, a JSON array
 * that chrome://tracing and ui.perfetto.dev open. It hears of them through the diagnostics channels,
 * so that a reactor that is not traced pays nothing.
 *
 * The rule of the file: events come out in the order of their times, and what encloses before what
 * is enclosed. A turn is announced when it is over, so it is put before what happened within it.
 */
import type { Channel } from "node:diagnostics_channel";
import type { Writable } from "node:stream";
import { threadId } from "node:worker_threads";
import { outOfRange } from "../kernel/index.js";
import { errorChannel, runChannel, turnChannel } from "./diagnostics.js";
import type { ErrorMessage, RunMessage, TurnMessage } from "./diagnostics-messages.js";
import type { Reactor } from "./reactor.js";
import { openSink, type TraceSink } from "./trace-sink.js";

/** Events that are kept until they can be written; more than those are dropped, and counted. */
export const TRACE_EVENTS_MAX = 16_384;

/** A turn is a slice and a counter. */
const TURN_EVENTS = 2;

/** The beginning of a run, a turn, and an error in it. */
const EVENTS_MIN = TURN_EVENTS + 2;

/** How long events wait to be written together, in milliseconds. */
const FLUSH_MS = 100;

export interface ChromeTraceOptions {
  /** Events kept until they can be written, 4 or more. @defaultValue {@link TRACE_EVENTS_MAX} */
  readonly eventsMax?: number | undefined;
}

export interface ChromeTrace {
  /** Events that found no room, so far. */
  readonly dropped: number;
  /**
   * Ends the trace and resolves when all of it is written. Idempotent.
   *
   * @throws what went wrong in writing: Error of node:fs, or the stream's.
   */
  stop(): Promise<void>;
}

/**
 * Traces a reactor until `stop()`, from wherever it is: each turn as a slice with its number of
 * callbacks, also as a counter, each run as a slice around them, each error as an instant.
 *
 * To a file it writes every 100 ms, between two turns if there are more events than it keeps, and
 * when the process exits.
 * A stream is written to from Node's loop only, so of a blocking run longer than that the rest is
 * dropped; it is not ended, and its errors are its owner's.
 *
 * @param target a path, whose file is made anew, or a stream.
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE; Error of node:fs: ENOENT ...
 *
 * @example
 * ```ts
 * import { Reactor, traceReactor } from "socket-reactor";
 * const reactor = new Reactor();
 * const trace = traceReactor(reactor, "trace.json");
 * reactor.timer(20, () => console.log("20 ms later"));
 * await reactor.run();
 * await trace.stop(); // now open trace.json in ui.perfetto.dev
 * ```
 */
export function traceReactor(
  reactor: Reactor,
  target: string | Writable,
  { eventsMax = TRACE_EVENTS_MAX }: ChromeTraceOptions = {},
): ChromeTrace {
  if (!(Number.isInteger(eventsMax) && eventsMax >= EVENTS_MIN)) {
    throw outOfRange("eventsMax", `an integer of ${EVENTS_MIN} or more`, eventsMax);
  }
  return new Recorder(reactor, openSink(target), eventsMax);
}

/** Times are in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: "X" | "B" | "E" | "i" | "C" | "M";
  readonly ts: number;
  readonly dur?: number;
  /** Of an instant: it belongs to its thread. */
  readonly s?: "t";
  readonly args?: Readonly<Record<string, unknown>>;
}

class Recorder implements ChromeTrace {
  readonly #reactor: Reactor;
  readonly #sink: TraceSink;
  readonly #eventsMax: number;
  #events: TraceEvent[] = [];
  #dropped = 0;
  #droppedBefore = 0;
  /** Nothing may come out that is older; of the turn in which the trace began, the rest. */
  #floorUs: number;
  #hasOpenRun = false;
  #timer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(reactor: Reactor, sink: TraceSink, eventsMax: number) {
    this.#reactor = reactor;
    this.#sink = sink;
    this.#eventsMax = eventsMax;
    this.#floorUs = toUs(reactor.kernel.nowMs());
    sink.write(
      `[\n${format({ name: "process_name", ph: "M", ts: 0, args: { name: process.title } })}`,
    );
    for (const [on, listener] of this.#subscriptions) on.subscribe(listener);
    if (sink.isImmediate) process.on("exit", this.#onExit);
    if (reactor.mode !== "idle") this.#beginRun(reactor.mode);
  }

  get dropped(): number {
    return this.#dropped;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#finish();
    return this.#stopped;
  }

  async #finish(): Promise<void> {
    for (const [on, listener] of this.#subscriptions) on.unsubscribe(listener);
    process.off("exit", this.#onExit);
    clearTimeout(this.#timer);
    this.#endRun(undefined);
    await this.#sink.end(`${this.#take()}\n]\n`);
  }

  /** What led to an end that nobody expected is what one wants to see. */
  readonly #onExit = (): void => {
    this.#endRun("exit");
    this.#sink.write(`${this.#take()}\n]\n`);
  };

  readonly #onTurn = (message: unknown): void => {
    const { reactor, startedMs, dispatchMs, callbacks } = message as TurnMessage;
    if (reactor !== this.#reactor) return;
    const endUs = toUs(startedMs + dispatchMs);
    // After a wait that failed, a turn is said to have started when the one before it did.
    const ts = Math.max(toUs(startedMs), this.#floorUs);
    if (this.#hasRoom(TURN_EVENTS)) {
      const args = { callbacks };
      this.#insert(
        { name: "turn", ph: "X", ts, dur: Math.max(0, round(endUs - ts)), args },
        { name: "callbacks per turn", ph: "C", ts, args },
      );
    }
    this.#floorUs = Math.max(endUs, ts);
    const isFull = this.#events.length + TURN_EVENTS > this.#eventsMax;
    if (isFull && this.#sink.isImmediate) this.#flush();
  };

  readonly #onRun = (message: unknown): void => {
    const { reactor, event, mode, result } = message as RunMessage;
    if (reactor !== this.#reactor) return;
    if (event === "begin") this.#beginRun(mode);
    else this.#endRun(result ?? "threw");
  };

  readonly #onError = (message: unknown): void => {
    const { reactor, error } = message as ErrorMessage;
    if (reactor !== this.#reactor || !this.#hasRoom(1)) return;
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.#append({ name: "error", ph: "i", ts: this.#nowUs(), s: "t", args: { error: text } });
  };

  readonly #subscriptions: readonly [Channel, (message: unknown) => void][] = [
    [turnChannel, this.#onTurn],
    [runChannel, this.#onRun],
    [errorChannel, this.#onError],
  ];

  #beginRun(mode: string): void {
    if (!this.#hasRoom(1)) return;
    this.#hasOpenRun = true;
    this.#floorUs = this.#nowUs();
    this.#append({ name: `run (${mode})`, ph: "B", ts: this.#floorUs });
  }

  /** There is always room for it: without it the slice would never end. */
  #endRun(result: string | undefined): void {
    if (!this.#hasOpenRun) return;
    this.#hasOpenRun = false;
    const args = result === undefined ? {} : { result };
    this.#append({ name: "run", ph: "E", ts: this.#nowUs(), args });
  }

  #nowUs(): number {
    return Math.max(toUs(this.#reactor.kernel.nowMs()), this.#floorUs);
  }

  #hasRoom(count: number): boolean {
    if (this.#events.length + count <= this.#eventsMax) return true;
    this.#dropped += count;
    return false;
  }

  #append(event: TraceEvent): void {
    this.#events.push(event);
    this.#flushLater();
  }

  /** Puts a turn before the errors that came within it. */
  #insert(...events: readonly [TraceEvent, ...TraceEvent[]]): void {
    const kept = this.#events;
    const { ts } = events[0];
    let at = kept.length;
    for (let last = kept[at - 1]; last?.ph === "i" && last.ts >= ts; last = kept[at - 1]) at -= 1;
    kept.splice(at, 0, ...events);
    this.#flushLater();
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  /** Outside a turn: from Node's loop, or between two turns. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#sink.isReady) this.#sink.write(this.#take());
    else this.#flushLater();
  }

  /** What is kept as text, to follow what was written before. */
  #take(): string {
    const events = this.#events;
    this.#events = [];
    const ts = events.at(-1)?.ts ?? this.#floorUs;
    this.#floorUs = Math.max(this.#floorUs, ts);
    const dropped = this.#dropped - this.#droppedBefore;
    this.#droppedBefore = this.#dropped;
    if (dropped > 0) {
      events.push({
        name: "events dropped",
        ph: "i",
        ts: this.#floorUs,
        s: "t",
        args: { dropped },
      });
    }
    return events.map((event) => `,\n${format(event)}`).join("");
  }
}

function format(event: TraceEvent): string {
  return JSON.stringify({ ...event, cat: "reactor", pid: process.pid, tid: threadId });
}

function toUs(ms: number): number {
  return round(ms * 1000);
}

/** To nanoseconds, so that sums come out even. */
function round(us: number): number {
  return Math.round(us * 1000) / 1000;
}
