/**
 * An echo server on the stream floor: what has come is written back, and nothing else is left to
 * do. Accepting, running out of descriptors, partial sends, resets and waiting for room are the
 * library's; compare selector.ts and reactor.ts, where they are ours.
 *
 * One rule of theirs stays: from a peer that does not read, nothing more is read. Here it costs up
 * to the two marks, and after two minutes it is given up: a default of the library's, too.
 */
import * as net from "socket-reactor";
import { endReason } from "../errors.js";
import { connectionsMaxOf, type EchoOptions, type EchoServer, nameOf } from "./server.js";

/** What is read from one peer at a time, and what waits for it before nothing more is read. */
const UNSENT_MAX = 64 * 1024;

export const ECHO_STREAM: net.StreamOptions = {
  readMarks: { high: UNSENT_MAX },
  writeMarks: { high: UNSENT_MAX },
};

/** The echo itself; one for all connections, for it knows none. */
export const ECHO: net.StreamHandler<net.SocketStream> = {
  onData(stream, input) {
    if (!stream.write(input)) stream.pause();
  },
  onDrain: (stream) => stream.resume(),
};

export function createEchoServer(options: EchoOptions): EchoServer {
  const { host, port, backend, log, kernel = net.systemKernel } = options;
  const socket = net.Socket.listenTcp({ host, port, kernel });
  const reactor = new net.Reactor({ backend, kernel });
  const listener = new net.Listener(reactor, socket, serve, {
    connectionsMax: connectionsMaxOf(options, reactor.capabilities.maxFd),
    stream: ECHO_STREAM,
    onError: accept,
  });
  log(`${socket.state} ${nameOf(listener.address)}`);

  /** EMFILE and its like: the listener pauses by itself. After any other it is closed. */
  function accept(error: net.SystemError): void {
    if (listener.isClosed) throw error;
    log(`accept: ${error.code}, trying again soon`);
  }

  function serve(stream: net.SocketStream): void {
    const peer = nameOf(stream.socket.remoteAddress);
    stream.handler = {
      ...ECHO,
      onClose: (_, error) => log(`${stream.socket.state} ${peer}: ${endReason(error)}`),
    };
    log(`${stream.socket.state} ${peer}`);
  }

  async function run(signal: AbortSignal): Promise<void> {
    const stop = () => reactor.stop();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    try {
      await reactor.run();
    } finally {
      signal.removeEventListener("abort", stop);
      listener.close();
      for (const stream of listener.streams) {
        stream.handler = {}; // no line for each
        stream.destroy();
      }
      reactor.close();
    }
  }

  return { address: nameOf(listener.address), run };
}
