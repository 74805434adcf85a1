/**
 * An echo server on the reactor floor. What to do with a socket is said once, when it is watched;
 * the reactor calls back. Compare selector.ts, where the loop is ours, and stream.ts, where the
 * buffers are not.
 *
 * The rule is that of selector.ts: a connection is either read from or written to, so that a peer
 * that never reads costs one buffer and no more.
 */
import * as net from "socket-reactor";
import { codeOf, connectionsMaxOf, type EchoOptions, type EchoServer, nameOf } from "./server.js";

/** Connections taken in one turn, so that a flood cannot keep the reactor. */
const ACCEPTS_PER_TURN = 64;
/** How long the listener is left alone when the system has no descriptor or memory left. */
const ACCEPT_PAUSE_MS = 1000;

export function createEchoServer(options: EchoOptions): EchoServer {
  const { host, port, backend, log, kernel = net.systemKernel } = options;
  const listener = net.Socket.listenTcp({ host, port, kernel });
  const reactor = new net.Reactor({ backend, kernel });
  const connectionsMax = connectionsMaxOf(options, reactor.capabilities.maxFd);
  const connections = new Set<net.Socket>();
  const buffer = new Uint8Array(64 * 1024);
  const accepting = reactor.watch(listener, net.EVENT_READ, accept);
  const acceptLater = reactor.timer(ACCEPT_PAUSE_MS, startAccepting, { start: false });
  log(`${listener.state} ${nameOf(listener.localAddress)}`);

  function accept(): void {
    for (let n = 0; n < ACCEPTS_PER_TURN && connections.size < connectionsMax; n += 1) {
      let socket: net.Socket | undefined;
      try {
        socket = listener.accept();
        if (socket === undefined) return;
        serve(socket);
      } catch (error) {
        socket?.close();
        pauseAccepting(codeOf(error));
        return;
      }
    }
    if (connections.size >= connectionsMax) accepting.stop();
  }

  /** EMFILE and its like: the listener stays ready, so to look again at once would spin. */
  function pauseAccepting(code: string): void {
    log(`accept: ${code}, trying again in ${ACCEPT_PAUSE_MS} ms`);
    accepting.stop();
    acceptLater.start();
  }

  function startAccepting(): void {
    try {
      accepting.start();
    } catch (error) {
      pauseAccepting(codeOf(error));
    }
  }

  function serve(socket: net.Socket): void {
    const peer = nameOf(socket.remoteAddress);
    let unsent = buffer.subarray(0, 0);
    const onReady = (events: number): void => {
      try {
        if (events & net.EVENT_WRITE) sendRest();
        else receive();
      } catch (error) {
        finish(codeOf(error)); // the peer reset the connection: that ends it, not the server
      }
    };
    const onError = (refused: net.SystemError): void => finish(refused.code);
    const watch = reactor.watch(socket, net.EVENT_READ, onReady, { onError });
    connections.add(socket);
    log(`${socket.state} ${peer}`);

    function receive(): void {
      const n = socket.recv(buffer);
      if (n === net.WOULD_BLOCK) return;
      if (n === 0) {
        finish("end of stream");
        return;
      }
      const sent = Math.max(socket.send(buffer, 0, n), 0); // WOULD_BLOCK is "none of it"
      if (sent === n) return;
      unsent = buffer.slice(sent, n);
      watch.modify(net.EVENT_WRITE);
    }

    function sendRest(): void {
      unsent = unsent.subarray(Math.max(socket.send(unsent), 0));
      if (unsent.length === 0) watch.modify(net.EVENT_READ);
    }

    function finish(reason: string): void {
      socket.close(); // ends the watch, too
      connections.delete(socket);
      startAccepting(); // there is room again, if there was none
      log(`${socket.state} ${peer}: ${reason}`);
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    const stop = () => reactor.stop();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    try {
      await reactor.run();
    } finally {
      signal.removeEventListener("abort", stop);
      for (const socket of [listener, ...connections]) socket.close();
      reactor.close();
    }
  }

  return { address: nameOf(listener.localAddress), run };
}
