/**
 * The same over UDP, on the floor of sockets and watches: what is read from standard input at once
 * (at a terminal, a line) is a datagram, what comes is written to standard output. There is no
 * connection, so no end either: it stays until Ctrl-C, or until nothing has moved for a while.
 *
 * Where the output is slow nothing is received. What comes meanwhile waits in the kernel's buffer,
 * and what finds no room there is lost: that is UDP.
 */
import * as net from "socket-reactor";
import { checkOutput, flushed, inputProblem, type Terminals } from "./terminals.js";

/** Longer input is cut. Ethernet's 1500 less the headers of IPv6 and UDP: in one piece everywhere. */
export const DATAGRAM_BYTES: number = 1452;

/** Received in one turn; then it is others' turn. */
const DATAGRAMS_PER_TURN = 64;

/** Any datagram fits: its length has 16 bits. */
const DATAGRAM_BYTES_MAX = 65_535;

export interface DatagramOptions extends Terminals {
  /** Nothing received or sent for so long ends it, once there is a peer. Infinity: never. */
  readonly idleMs: number;
  readonly say: (line: string) => void;
}

/**
 * Goes on until the socket has an error, the output is gone, time is over, or the signal aborts.
 * Closes the socket.
 *
 * @param socket connected, or bound only: then the last sender is answered, and nothing is read
 *   from the input before there is one.
 * @throws the error of the socket (ECONNREFUSED: a datagram sent before came back); UsageError for
 *   what is wrong with the input or the output.
 */
export async function exchangeDatagrams(
  reactor: net.Reactor,
  socket: net.Socket,
  options: DatagramOptions,
): Promise<void> {
  const exchange = new DatagramExchange(reactor, socket, options);
  const error = await exchange.over;
  await flushed(options);
  if (error !== undefined) throw error;
  checkOutput(exchange.outputError);
}

class DatagramExchange {
  readonly over: Promise<Error | undefined>;
  outputError: Error | undefined;
  readonly #socket: net.Socket;
  readonly #options: DatagramOptions;
  readonly #isConnected: boolean;
  readonly #watch: net.Watch;
  readonly #idle: net.Timer;
  readonly #buffer = Buffer.alloc(DATAGRAM_BYTES_MAX);
  #unsent: Buffer[] = [];
  #peer: net.Address | undefined;
  #peerName = "";
  #end: (error?: Error) => void = () => {};

  constructor(reactor: net.Reactor, socket: net.Socket, options: DatagramOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#peer = socket.remoteAddress;
    this.#isConnected = this.#peer !== undefined;
    this.#watch = reactor.watch(socket, net.EVENT_READ, (events) => this.#onReady(events), {
      onError: (error) => this.#end(error),
    });
    this.#idle = reactor.timer(options.idleMs, () => this.#end(), {
      start: this.#isConnected,
    });
    this.over = new Promise((resolve) => this.#begin(resolve));
  }

  #begin(resolve: (error?: Error) => void): void {
    const { input, output, signal } = this.#options;
    const onChunk = (chunk: Buffer): void => this.#send(chunk);
    const onRoom = (): void => void (this.#socket.isClosed || this.#watch.start());
    const onAbort = (): void => this.#end();
    const onInputError = (error: Error): void => this.#end(inputProblem(error));
    const onOutputError = (error: Error): void => {
      this.outputError ??= error;
      this.#end();
    };
    const end = (error?: Error): void => {
      input.off("data", onChunk).off("error", onInputError).pause();
      output.off("drain", onRoom);
      signal.removeEventListener("abort", onAbort);
      this.#idle.stop();
      this.#socket.close(); // ends the watch, too
      resolve(error);
    };
    this.#end = end;
    input.on("data", onChunk).on("error", onInputError);
    if (this.#isConnected) input.resume();
    else input.pause();
    output.on("drain", onRoom).on("error", onOutputError);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) end();
  }

  #onReady(events: number): void {
    if ((events & net.EVENT_WRITE) !== 0) this.#flush();
    if ((events & net.EVENT_READ) !== 0 && !this.#socket.isClosed) this.#receive();
  }

  #receive(): void {
    for (let n = 0; n < DATAGRAMS_PER_TURN && this.#watch.isStarted; n += 1) {
      const datagram = this.#try(() => this.#socket.recvfrom(this.#buffer));
      if (datagram === undefined) return;
      this.#idle.start();
      if (!this.#isConnected && datagram.address !== undefined) this.#answerTo(datagram.address);
      const bytes = Buffer.from(this.#buffer.subarray(0, datagram.bytes));
      if (!this.#options.output.write(bytes)) this.#watch.stop();
    }
  }

  #answerTo(sender: net.Address): void {
    const name = net.formatAddress(sender);
    if (name === this.#peerName) return;
    this.#options.say(`Datagrams from ${name}`);
    this.#peerName = name;
    this.#peer = sender;
    if (this.#unsent.length === 0) this.#options.input.resume();
  }

  #send(chunk: Buffer): void {
    const bytes = this.#options.translate(chunk);
    for (let at = 0; at < bytes.length; at += DATAGRAM_BYTES) {
      this.#unsent.push(bytes.subarray(at, at + DATAGRAM_BYTES));
    }
    this.#flush();
  }

  /** The kernel's buffer may be full: then the rest waits, and so does the input. */
  #flush(): void {
    const [socket, peer] = [this.#socket, this.#peer];
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      const bytes = next;
      const sent = this.#try(() =>
        this.#isConnected || peer === undefined ? socket.send(bytes) : socket.sendto(bytes, peer),
      );
      if (socket.isClosed) return;
      if (sent === net.WOULD_BLOCK) {
        this.#options.input.pause();
        this.#watch.modify(net.EVENT_READ | net.EVENT_WRITE);
        return;
      }
      this.#unsent.shift();
      this.#idle.start();
    }
    this.#watch.modify(net.EVENT_READ);
    this.#options.input.resume();
  }

  /** One sender of many that cannot be answered ends nothing; the only peer we have does. */
  #try<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof net.SystemError)) throw error;
      if (this.#isConnected) this.#end(error);
      else this.#options.say(error.message);
      return undefined;
    }
  }
}
