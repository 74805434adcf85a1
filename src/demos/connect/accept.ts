/** The other side of `connect`: waits for one connection, or serves one after another. */
import { lookup } from "node:dns/promises";
import { rmSync } from "node:fs";
import { formatAddress, Listener, type Reactor, type SocketStream } from "socket-reactor";
import type { HostTarget, Target } from "./target.js";

export interface AcceptOptions {
  /** One connection after another; else one, and further ones are refused. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  /** Hears where it listens. */
  readonly onListen: (listener: Listener) => void;
  /** Has the stream, paused, until the promise settles. */
  readonly serve: (stream: SocketStream) => Promise<void>;
}

/** @throws SystemError of bind(2) and listen(2), Error of the look-up; what `serve` throws. */
export async function acceptAt(
  reactor: Reactor,
  target: Target,
  { keep, signal, onListen, serve }: AcceptOptions,
): Promise<void> {
  const arrivals = new Arrivals();
  const listener = await listen(reactor, target, (stream) => arrivals.add(stream));
  signal.addEventListener("abort", () => arrivals.add(undefined));
  try {
    onListen(listener);
    while (!signal.aborted) {
      const stream = await arrivals.next();
      if (stream === undefined) return;
      if (!keep) listener.close();
      await serve(stream);
      if (!keep) return;
    }
  } finally {
    listener.close();
    for (const stream of listener.streams) stream.destroy();
    // It may be gone already: somebody has tidied up.
    if ("path" in target && !target.path.startsWith("\0")) rmSync(target.path, { force: true });
  }
}

/** One at a time: others wait in the kernel's queue meanwhile. */
const ONE = { connectionsMax: 1, stream: { paused: true } } as const;

async function listen(
  reactor: Reactor,
  target: Target,
  onStream: (stream: SocketStream) => void,
): Promise<Listener> {
  if ("path" in target) return Listener.unix(reactor, target, onStream, ONE);
  return Listener.tcp(reactor, await numeric(target), onStream, ONE);
}

/** With the first address of a name. @throws Error ENOTFOUND ... */
export async function numeric({ host, port }: HostTarget): Promise<HostTarget> {
  return { host: (await lookup(host)).address, port };
}

/** Between the callback that brings a stream and the loop that wants one; undefined: no more. */
class Arrivals {
  readonly #waiting: (SocketStream | undefined)[] = [];
  #wake: () => void = () => {};

  add(stream: SocketStream | undefined): void {
    this.#waiting.push(stream);
    this.#wake();
  }

  async next(): Promise<SocketStream | undefined> {
    if (this.#waiting.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#waiting.shift();
  }
}

export function nameOfListener({ address }: Listener): string {
  return address === undefined ? "?" : formatAddress(address);
}
