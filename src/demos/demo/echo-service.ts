/**
 * The echo of the demo: that of ../echo/stream.ts, with one thing added, so that it can be seen.
 * When a peer has ended its side, ours stays open for a while: that is CLOSE_WAIT. TCP lets us take
 * as long as we like; the kernel waits for close(2) or shutdown(2), and would for ever.
 */
import {
  Listener,
  type Reactor,
  type SocketStream,
  type StreamHandler,
  type Timer,
} from "socket-reactor";
import { ECHO, ECHO_STREAM } from "../echo/stream.js";

/** How long CLOSE_WAIT lasts: long enough to be read on the page, and to be pointed at. */
export const CLOSE_WAIT_MS = 2000;

export interface EchoServiceOptions {
  /** A numeric address. */
  readonly host: string;
  readonly port: number;
  readonly connectionsMax: number;
  /** @defaultValue {@link CLOSE_WAIT_MS} */
  readonly closeWaitMs?: number | undefined;
  /** Told of a connection when its state may have changed and nobody else can know. */
  readonly onChange: (stream: SocketStream) => void;
}

export class EchoService {
  readonly listener: Listener;
  readonly #reactor: Reactor;
  readonly #closeWaitMs: number;
  readonly #onChange: (stream: SocketStream) => void;
  /** Of connections in CLOSE_WAIT: when it is over. */
  readonly #waits = new Map<SocketStream, Timer>();
  #onEmpty: (() => void) | undefined;

  /** @throws the system's error if the address cannot be had. */
  constructor(reactor: Reactor, options: EchoServiceOptions) {
    const { host, port, connectionsMax, closeWaitMs = CLOSE_WAIT_MS, onChange } = options;
    this.#reactor = reactor;
    this.#closeWaitMs = closeWaitMs;
    this.#onChange = onChange;
    const serve = (stream: SocketStream): void => {
      stream.handler = this.#handler;
    };
    this.listener = Listener.tcp(reactor, { host, port }, serve, {
      connectionsMax,
      stream: { ...ECHO_STREAM, allowHalfOpen: true },
      onError: () => {}, // a shortage: it pauses, and goes on by itself
    });
  }

  /** Accepts no more and sends what is on its way, for `deadlineMs` at most. */
  async drain(deadlineMs: number): Promise<void> {
    this.listener.close();
    const { streams } = this.listener;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const stream of streams) {
      if (stream.pendingBytes === 0) stream.destroy();
      else stream.end();
    }
    const deadline = this.#reactor.timer(deadlineMs, () => this.close()).unref();
    if (streams.size > 0) await empty;
    deadline.stop();
  }

  /** Ends now. Idempotent. */
  close(): void {
    this.listener.close();
    for (const stream of this.listener.streams) stream.destroy();
  }

  /** One for all connections. */
  readonly #handler: StreamHandler<SocketStream> = {
    ...ECHO,
    onEnd: (stream) => {
      this.#waits.set(
        stream,
        this.#reactor.timer(this.#closeWaitMs, () => stream.end()),
      );
    },
    onFinish: (stream) => {
      this.#onChange(stream); // LAST_ACK, unless the peer was faster than we can look
      if (this.#onEmpty !== undefined) stream.destroy();
    },
    onClose: (stream) => {
      this.#waits.get(stream)?.stop();
      this.#waits.delete(stream);
      if (this.listener.streams.size === 0) this.#onEmpty?.();
    },
  };
}
