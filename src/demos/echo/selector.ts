/**
 * An echo server on the selector floor: one thread, any number of connections. It asks which
 * sockets are ready, and does only what cannot block.
 *
 * The rule of this file: a connection is either read from or written to. Bytes the kernel did not
 * take are kept, and until they are gone nothing more is read. So a peer that never reads costs one
 * buffer and no more: the kernel's buffers fill up, and TCP makes the peer wait.
 */
import * as net from "socket-reactor";
import { codeOf, connectionsMaxOf, type EchoOptions, type EchoServer, nameOf } from "./server.js";

/** Connections taken for one readiness of the listener, so that a flood cannot keep the loop. */
const ACCEPTS_PER_EVENT = 64;
/** How long the listener is left alone when the system has no descriptor or memory left. */
const ACCEPT_PAUSE_MS = 1000;

/** Told what a socket is ready for, or why the kernel does not watch it any more. */
type Handler = (events: number, error?: net.SystemError) => void;

export function createEchoServer(options: EchoOptions): EchoServer {
  const { host, port, backend, log, kernel = net.systemKernel } = options;
  const listener = net.Socket.listenTcp({ host, port, kernel });
  const selector = net.createSelector<Handler>({
    ...{ backend, kernel },
    onDropped: (key, error) => error && key.data(0, error), // refused, not closed by us
  });
  const connectionsMax = connectionsMaxOf(options, selector.capabilities.maxFd);
  const connections = new Set<net.Socket>();
  const buffer = new Uint8Array(64 * 1024);
  let acceptLater: NodeJS.Timeout | undefined;
  selector.register(listener, net.EVENT_READ, accept);
  log(`${listener.state} ${nameOf(listener.localAddress)}`);

  function accept(): void {
    for (let n = 0; n < ACCEPTS_PER_EVENT && connections.size < connectionsMax; n += 1) {
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
    if (connections.size >= connectionsMax) stopAccepting();
  }

  /** EMFILE and its like: the listener stays ready, so to look again at once would spin. */
  function pauseAccepting(code: string): void {
    log(`accept: ${code}, trying again in ${ACCEPT_PAUSE_MS} ms`);
    stopAccepting();
    clearTimeout(acceptLater);
    acceptLater = setTimeout(startAccepting, ACCEPT_PAUSE_MS);
  }

  function startAccepting(): void {
    if (selector.map.has(listener.fileno())) return;
    try {
      selector.register(listener, net.EVENT_READ, accept);
    } catch (error) {
      pauseAccepting(codeOf(error));
    }
  }

  function stopAccepting(): void {
    if (selector.map.has(listener.fileno())) selector.unregister(listener);
  }

  function serve(socket: net.Socket): void {
    const peer = nameOf(socket.remoteAddress);
    let unsent = buffer.subarray(0, 0);
    selector.register(socket, net.EVENT_READ, (events, refused) => {
      try {
        if (refused !== undefined) throw refused;
        if (events & net.EVENT_WRITE) sendRest();
        else receive();
      } catch (error) {
        finish(codeOf(error)); // the peer reset the connection: that ends it, not the server
      }
    });
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
      selector.modify(socket, net.EVENT_WRITE);
    }

    function sendRest(): void {
      unsent = unsent.subarray(Math.max(socket.send(unsent), 0));
      if (unsent.length === 0) selector.modify(socket, net.EVENT_READ);
    }

    function finish(reason: string): void {
      socket.close(); // leaves the selector, too
      connections.delete(socket);
      startAccepting(); // there is room again, if there was none
      log(`${socket.state} ${peer}: ${reason}`);
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await selector.ready(null, { signal });
        selector.dispatch(0, (key, events) => key.data(events));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      clearTimeout(acceptLater);
      for (const socket of [listener, ...connections]) socket.close();
      selector.close();
    }
  }

  return { address: nameOf(listener.localAddress), run };
}
