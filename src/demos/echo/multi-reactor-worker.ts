/**
 * A thread of multi-reactor.ts: a reactor of its own, in the thread's own loop, and on it the echo of
 * stream.ts. Its connections come from its own listener, or from main, one message each.
 */
import { parentPort, workerData } from "node:worker_threads";
import * as net from "socket-reactor";
import { endReason } from "../errors.js";
import { codeOf, nameOf } from "./server.js";
import { ECHO, ECHO_STREAM } from "./stream.js";
import { type Given, say } from "./worker-message.js";

/** What a worker is told when it starts. */
export interface ReactorData {
  readonly backend: net.Backend | undefined;
  /** Main's listener, of which this worker makes a copy; main's stays open. None: main accepts. */
  readonly listener: number | undefined;
  readonly connectionsMax: number;
}

const { backend, listener, connectionsMax }: ReactorData = workerData;
const reactor = new net.Reactor({ backend });
reactor.hold(); // it runs on without connections, until main ends the thread
if (listener === undefined) parentPort?.on("message", take);
else listen(net.Socket.fromFd(net.check("dup", net.systemKernel.dup(listener))));
reactor.defer(() => say({ says: "ready" })); // once it runs
await reactor.run();

function listen(socket: net.Socket): void {
  let id = 0;
  const accept = (stream: net.SocketStream): void => {
    id += 1;
    const { state, remoteAddress } = stream.socket;
    say({ says: "accepted", id, state: String(state), peer: nameOf(remoteAddress) });
    serve(stream, id);
  };
  new net.Listener(reactor, socket, accept, {
    connectionsMax,
    stream: ECHO_STREAM,
    onError: ({ code }) => say({ says: "paused", code }),
  });
}

function take({ id, fd }: Given): void {
  say({ says: "taken", id });
  const socket = net.Socket.fromFd(fd);
  try {
    socket.setOption(net.TCP_NODELAY, true);
    serve(new net.SocketStream(reactor, socket, {}, ECHO_STREAM), id);
  } catch (error) {
    socket.close();
    say({ says: "closed", id, reason: codeOf(error) }); // gone already, or no room to watch it
  }
}

function serve(stream: net.SocketStream, id: number): void {
  const onClose = (_: net.SocketStream, error: Error | undefined): void =>
    say({ says: "closed", id, reason: endReason(error) });
  stream.handler = { ...ECHO, onClose };
}
