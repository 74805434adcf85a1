/**
 * The demo of all in this process, and who reads its events. Nothing waits for time: a beat is waited
 * for until it says what is expected, and the test's own limit is the guard.
 */
import type { IncomingMessage } from "node:http";
import { onTestFinished } from "vitest";
import { DemoServer, type DemoServerOptions } from "../../../src/demos/demo/server.js";
import type { Beat, ConnectionRow } from "../../../src/demos/demo/snapshot.js";
import { begin } from "../http/demo-server.js";
import { portOf } from "../port-of.js";
import { runUntilStopped } from "../run-until-stopped.js";

/** For `expect.poll`: a guard against a hang, and no more. */
export const PATIENT = { timeout: 15_000 };

export interface RunningDemo {
  readonly server: DemoServer;
  readonly echoPort: number;
  readonly chatPort: number;
  readonly httpPort: number;
  readonly log: readonly string[];
  /** Drains it. */
  stop(): Promise<void>;
}

/** Listens on free ports and ends with the test, at the latest. */
export function startDemo(options: Partial<DemoServerOptions> = {}): RunningDemo {
  const log: string[] = [];
  const server = new DemoServer({
    ...{ host: "127.0.0.1", echoPort: 0, chatPort: 0, httpPort: 0 },
    ...{ log: (line: string) => log.push(line), beatMs: 20 },
    ...options,
  });
  const stop = runUntilStopped((signal) => server.run(signal, 1000));
  return {
    ...{ server, log, stop },
    echoPort: portOf(server.addressOf("echo")),
    chatPort: portOf(server.addressOf("chat")),
    httpPort: portOf(server.addressOf("http")),
  };
}

export interface Hello {
  readonly backend: string;
  readonly beatMs: number;
  readonly closeWaitMs: number;
  readonly changes: Beat["changes"];
}

/** Who looks: reads `/live`, and keeps each beat. */
export class Looker {
  readonly beats: Beat[] = [];
  /** By beat. */
  readonly ids: number[] = [];
  /** Of the longest event. */
  longestBytes = 0;
  hello: Hello | undefined;
  readonly #message: IncomingMessage;
  readonly #waiting = new Set<() => void>();
  #unread = "";

  private constructor(message: IncomingMessage) {
    this.#message = message;
    message.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    message.on("error", () => {});
  }

  /** Answers when the first beat has come. */
  static async at(port: number): Promise<Looker> {
    const looker = new Looker(await begin(port, "/live"));
    onTestFinished(() => looker.leave());
    looker.#message.resume();
    await looker.until(() => true);
    return looker;
  }

  /** The first beat, of those to come and the last one, of which that is true. */
  until(isWanted: (beat: Beat) => boolean): Promise<Beat> {
    return new Promise((resolve) => {
      let seen = Math.max(0, this.beats.length - 1);
      const look = (): void => {
        const found = this.beats.slice(seen).find(isWanted);
        seen = this.beats.length;
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** The row of a peer's port, when it has that state. */
  async row(port: number | undefined, state: string): Promise<ConnectionRow> {
    const isIt = (row: ConnectionRow) => row.peer.endsWith(`:${port}`) && row.state === state;
    const beat = await this.until(({ rows }) => rows.some(isIt));
    return beat.rows.find(isIt) as ConnectionRow;
  }

  /** "ESTABLISHED", "CLOSE_WAIT" ... as they were told of a peer's port. */
  statesOf(port: number | undefined): string[] {
    const changes = this.beats.flatMap((beat) => beat.changes);
    return changes.filter(({ peer }) => peer.endsWith(`:${port}`)).map(({ to }) => to);
  }

  /** When its connection has closed here. */
  leave(): void {
    this.#message.destroy();
  }

  #read(text: string): void {
    const events = (this.#unread + text).split("\n\n");
    this.#unread = events.pop() ?? "";
    for (const event of events) this.#event(event);
    for (const look of this.#waiting) look();
  }

  #event(text: string): void {
    const field = (name: string): string =>
      new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1] ?? "";
    this.longestBytes = Math.max(this.longestBytes, Buffer.byteLength(text));
    if (field("event") === "hello") this.hello = JSON.parse(field("data")) as Hello;
    if (field("event") !== "beat") return;
    this.ids.push(Number(field("id")));
    this.beats.push(JSON.parse(field("data")) as Beat);
  }
}
