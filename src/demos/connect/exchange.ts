/**
 * The whole of a netcat: what is read from standard input is sent, what comes is written to standard
 * output. Compare echo/stream.ts at the other end of the wire; datagrams.ts does the same for UDP.
 *
 * The rule is the echo server's, in both directions: where nobody takes what we have, nothing more
 * is read. A fast peer and a slow output cost the stream's marks, and so do a huge file and a slow
 * peer.
 */
import type { Readable } from "node:stream";
import type { ByteQueue, SocketStream, StreamTimeouts } from "socket-reactor";
import type { StateWatch } from "./state-watch.js";
import { checkOutput, flushed, inputProblem, type Terminals } from "./terminals.js";

export interface ExchangeOptions extends Terminals {
  /** At the end of the input no FIN is sent: the peer ends it. */
  readonly stayOpen: boolean;
  /**
   * After the peer's FIN the rest of the input is still sent, until it is silent for so long. 0: not
   * even what is there already; Infinity: to its end.
   */
  readonly patienceMs: number;
  readonly watch?: StateWatch | undefined;
}

/**
 * Patience with a pipe: for what is on its way already, and not for a program that never ends. (The
 * peer may have gone altogether; nobody knows before something is sent to it.)
 */
export const PATIENCE_MS: number = 500;

/** A person who waits decides how long; the library's own deadlines are for servers. */
export function exchangeTimeouts(idleMs: number): StreamTimeouts {
  return { idleMs, writeMs: Infinity, lingerMs: Infinity };
}

/**
 * Takes over a stream that is paused, until it is over.
 *
 * @throws why the connection broke; UsageError for what is wrong with the input or the output.
 */
export async function exchange(stream: SocketStream, options: ExchangeOptions): Promise<void> {
  const { signal, watch } = options;
  const abort = (): void => stream.destroy();
  const feed = feedFrom(stream, options);
  const drain = drainTo(stream, options);

  const error = await new Promise<Error | undefined>((resolve) => {
    stream.allowHalfOpen = true; // the feed decides
    stream.handler = {
      onData: drain.onData,
      onDrain: feed.onRoom,
      onFinish: () => watch?.look(),
      onEnd() {
        watch?.look();
        feed.onPeerEnd();
      },
      onClose: (_, reason) => resolve(reason),
    };
    feed.start();
    stream.resume();
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
  signal.removeEventListener("abort", abort);
  feed.stop();
  await flushed(options);
  const outputError = drain.stop();
  watch?.end(error ?? outputError, signal.aborted ? String(signal.reason) : undefined);
  if (error !== undefined) throw error;
  checkOutput(outputError);
}

/** From the input to the stream, which is ended when there is no more to come. */
function feedFrom(
  stream: SocketStream,
  { input, translate, stayOpen, patienceMs }: ExchangeOptions,
): Feed {
  let isOver = false;
  const silence = stream.reactor.timer(patienceMs, finish, { start: false });
  function finish(): void {
    stop();
    stream.end();
  }
  const awaitMore = (): void => {
    if (stream.hasReadEnded && !input.isPaused()) silence.start();
  };
  const onData = (chunk: Buffer): void => {
    if (stream.write(translate(chunk))) awaitMore();
    else {
      input.pause(); // the peer is slow: so are we, and nobody is silent
      silence.stop();
    }
  };
  const onEnd = (): void => {
    if (!stayOpen || stream.hasReadEnded) finish();
  };
  const onError = (error: Error): void => stream.destroy(inputProblem(error));
  function stop(): void {
    isOver = true;
    silence.stop();
    input.off("data", onData).off("end", onEnd).off("error", onError).pause();
  }
  return {
    start() {
      input.on("data", onData).on("end", onEnd).on("error", onError).resume();
      if (hasEnded(input)) onEnd(); // with a connection before this one
    },
    onRoom() {
      if (isOver) return; // what is to come is for the next connection
      input.resume();
      awaitMore();
    },
    onPeerEnd: () => (hasEnded(input) ? finish() : awaitMore()),
    stop,
  };
}

interface Feed {
  start(): void;
  /** What was written is sent: more may come. */
  onRoom(): void;
  onPeerEnd(): void;
  stop(): void;
}

/** From the stream to the output. An output that is gone ends the stream. */
function drainTo(stream: SocketStream, { output }: ExchangeOptions): Drain {
  let firstError: Error | undefined;
  const onRoom = (): void => stream.resume();
  const onError = (error: Error): void => {
    firstError ??= error;
    stream.destroy();
  };
  output.on("drain", onRoom).on("error", onError);
  return {
    onData(_, bytes) {
      if (!output.write(bytes.take())) stream.pause();
    },
    stop() {
      output.off("drain", onRoom).off("error", onError);
      return firstError;
    },
  };
}

interface Drain {
  onData(stream: SocketStream, bytes: ByteQueue): void;
  /** Answers what was wrong with the output. */
  stop(): Error | undefined;
}

function hasEnded(input: Readable): boolean {
  return input.readableEnded || input.destroyed;
}
