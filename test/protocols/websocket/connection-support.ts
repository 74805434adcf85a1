/** Connections on two joined streams, or against a peer that sends what a test writes by hand. */
import {
  FrameParser,
  NEED_DATA,
  WebSocketConnection,
  type WebSocketHandler,
  type WebSocketOptions,
} from "../../../src/protocols/websocket/index.js";
import { readSettings } from "../../../src/protocols/websocket/websocket-options.js";
import type { Reactor } from "../../../src/reactor/index.js";
import { type BufferedStream, ByteQueue, type StreamOptions } from "../../../src/streams/index.js";
import { type Kind, pairOf } from "../../streams/pair-support.js";
import { wordOf } from "./support.js";

export interface ConnectionOptions extends WebSocketOptions {
  readonly isServer?: boolean;
  readonly stream?: StreamOptions;
}

export function connectionOf(
  stream: BufferedStream,
  handler: WebSocketHandler,
  { isServer = true, ...options }: ConnectionOptions = {},
): WebSocketConnection {
  const settings = readSettings(options, isServer);
  const agreement = { isServer, settings, protocol: "", terms: settings.deflate };
  return new WebSocketConnection(stream, handler, agreement);
}

/** The server's end first. */
export function connectedPair(
  kind: Kind,
  reactor: Reactor,
  handlers: { readonly server?: WebSocketHandler; readonly client?: WebSocketHandler },
  options: ConnectionOptions = {},
): [server: WebSocketConnection, client: WebSocketConnection] {
  const [left, right] = pairOf(kind, reactor, { options: options.stream ?? {} });
  return [
    connectionOf(left, handlers.server ?? {}, { ...options, isServer: true }),
    connectionOf(right, handlers.client ?? {}, { ...options, isServer: false }),
  ];
}

/** A peer that is only a stream, and what comes to it, as words. */
export interface BarePeer {
  readonly socket: WebSocketConnection;
  readonly peer: BufferedStream;
  /** "text Hello", "close 1002 ...", at the end "end", and "lost CODE" after a reset. */
  readonly log: string[];
}

export function barePeer(
  kind: Kind,
  reactor: Reactor,
  handler: WebSocketHandler,
  options: ConnectionOptions = {},
): BarePeer {
  const [left, peer] = pairOf(kind, reactor, {
    options: options.stream ?? {},
    rightOptions: { allowHalfOpen: true },
  });
  const log: string[] = [];
  const { isServer = true } = options;
  const parser = new FrameParser({ isServer: !isServer, messageBytesMax: Infinity });
  const queue = new ByteQueue();
  peer.handler = {
    onData(_, input) {
      input.moveTo(queue);
      for (let event = parser.next(queue); event !== NEED_DATA; event = parser.next(queue)) {
        log.push(wordOf(parser, event));
      }
    },
    onEnd: () => void log.push("end"),
    onClose: (_, error) => void (error && log.push(`lost ${(error as { code?: string }).code}`)),
  };
  return { socket: connectionOf(left, handler, options), peer, log };
}

/** What a connection calls, in order, as words. */
export function recorder(log: string[], name = ""): Required<WebSocketHandler> {
  const dot = name === "" ? "" : `${name}.`;
  return {
    onMessage: (_, data) => {
      const word = typeof data === "string" ? `text ${data}` : `binary ${data.toString("hex")}`;
      log.push(dot + word.trimEnd());
    },
    onPing: (_, data) => void log.push(`${dot}ping ${data}`.trimEnd()),
    onPong: (_, data) => void log.push(`${dot}pong ${data}`.trimEnd()),
    onDrain: () => void log.push(`${dot}drain`),
    onClose: (_, code, reason) => void log.push(`${dot}closed ${code} ${reason}`.trimEnd()),
  };
}
