/**
 * An echo server on the stream floor: what has come is written back, and nothing else is left to
 * do. Accepting, running out of descriptors, partial sends, resets and waiting for room are the
 * library's; compare selector.ts and reactor.ts, where they are ours.
 *
 * One rule of theirs stays: from a peer that does not read, nothing more is read.
 */
import * as net from "socket-reactor";
import { connectionsMaxOf, type EchoOptions, type EchoServer, nameOf } from "./server.js";

/** What may wait to be sent to one peer before its own bytes are left with the kernel. */
const UNSENT_MAX = 64 * 1024;

export function createEchoServer(options: EchoOptions): EchoServer {
  const { host, port, backend, log } = options;
  const reactor = new net.Reactor({ backend });
  const echo: net.StreamHandler<net.SocketStream> = {
    onData(stream, input) {
      if (!stream.write(input)) stream.pause();
    },
    onDrain: (stream) => stream.resume(),
  };
  const listener = net.Listener.tcp(reactor, { host, port }, serve, {
    connectionsMax: connectionsMaxOf(options, reactor.capabilities.maxFd),
    stream: { readMarks: { high: UNSENT_MAX }, writeMarks: { high: 1 } },
    onError: (error) => log(`accept: ${error.code}, trying again soon`),
  });
  log(`${listener.socket.state} ${nameOf(listener.address)}`);

  function serve(stream: net.SocketStream): void {
    const peer = nameOf(stream.socket.remoteAddress);
    stream.handler = {
      ...echo,
      onClose: (_, error) => {
        const reason = error instanceof net.SystemError ? error.code : "end of stream";
        log(`${stream.socket.state} ${peer}: ${reason}`);
      },
    };
    log(`${stream.socket.state} ${peer}`);
  }

  async function run(signal: AbortSignal): Promise<void> {
    const stop = () => reactor.stop();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    await reactor.run();
    listener.close();
    for (const stream of listener.streams) stream.destroy();
    reactor.close();
  }

  return { address: nameOf(listener.address), run };
}
