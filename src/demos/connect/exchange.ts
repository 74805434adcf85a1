/**
 * The whole of a netcat: what is read from standard input is sent, what comes is written to standard
 * output. Compare echo/stream.ts at the other end of the wire; datagrams.ts does the same for UDP.
 *
 * The rule is the echo server's, in both directions: where nobody takes what we have, nothing more
 * is read. A fast peer and a slow output cost the stream's marks, and so do a huge file and a slow
 * peer.
 */
import type { SocketStream, StreamTimeouts } from "socket-reactor";
import type { StateWatch } from "./state-watch.js";
import { checkOutput, flushed, inputProblem, type Terminals } from "./terminals.js";

export interface ExchangeOptions extends Terminals {
  /** At the end of the input no FIN is sent: the peer ends it. */
  readonly stayOpen: boolean;
  /** After the peer's FIN the rest of the input is still sent. */
  readonly halfOpen: boolean;
  readonly watch?: StateWatch | undefined;
}

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
  const { input, output, translate, signal, stayOpen, halfOpen, watch } = options;
  let outputError: Error | undefined;

  const onChunk = (chunk: Buffer): void => {
    if (!stream.write(translate(chunk))) input.pause();
  };
  const onInputEnd = (): void => {
    if (!stayOpen || stream.hasReadEnded) stream.end();
  };
  const onInputError = (error: Error): void => stream.destroy(inputProblem(error));
  const onRoom = (): void => stream.resume();
  const onOutputError = (error: Error): void => {
    outputError ??= error;
    stream.destroy();
  };
  const onAbort = (): void => stream.destroy();
  const stopReading = (): void => {
    input.off("data", onChunk).off("end", onInputEnd).off("error", onInputError).pause();
  };

  const error = await new Promise<Error | undefined>((resolve) => {
    stream.allowHalfOpen = true; // onEnd decides
    stream.handler = {
      onData(_, bytes) {
        if (!output.write(bytes.take())) stream.pause();
      },
      onDrain: () => void input.resume(),
      onFinish: () => watch?.look(),
      onEnd() {
        watch?.look();
        if (halfOpen && !input.readableEnded) return;
        stopReading();
        stream.end();
      },
      onClose: (_, reason) => resolve(reason),
    };
    signal.addEventListener("abort", onAbort);
    output.on("drain", onRoom).on("error", onOutputError);
    input.on("data", onChunk).on("end", onInputEnd).on("error", onInputError).resume();
    if (input.readableEnded) onInputEnd();
    stream.resume();
    if (signal.aborted) onAbort();
  });
  stopReading();
  output.off("drain", onRoom);
  await flushed(options);
  output.off("error", onOutputError);
  signal.removeEventListener("abort", onAbort);
  watch?.end(error ?? outputError, signal.aborted ? String(signal.reason) : undefined);
  if (error !== undefined) throw error;
  checkOutput(outputError);
}
