/**
 * The chat's part of a web server: the page's files, and beside them `irc`, the WebSocket that the
 * page speaks. All is below a prefix, so that other servers can have it, too.
 */
import { fileURLToPath } from "node:url";
import { type HttpHandler, type HttpRequest, methods } from "socket-reactor/protocols/http1";
import { acceptWebSocket, type WebSocketConnection } from "socket-reactor/protocols/websocket";
import { answering, misdirected } from "../http/answer.js";
import { FileRoot } from "../http/file-root.js";
import { hostCheck } from "../http/host-check.js";
import { Refusal } from "../http/refusal.js";
import { PAGE_HEADERS } from "../http/routes.js";
import { staticFiles } from "../http/static-files.js";
import { WEB_MESSAGE_BYTES_MAX } from "./limits.js";

/** Its files are no code: src/ is in the package, too. */
const PAGE = fileURLToPath(new URL("../../../src/demos/chat/page/", import.meta.url));

/** https://ircv3.net/specs/extensions/websocket; that of bytes is not for a page, nor for UTF-8. */
export const WEB_PROTOCOL = "text.ircv3.net";

/**
 * Not deflate, for lines are short and the same for all. No pings either: those of IRC go to the
 * page itself, which a browser would answer for when it is frozen. And how much may wait is
 * chat-peer.ts's affair.
 */
const WEB_SOCKET = {
  protocols: [WEB_PROTOCOL],
  checkOrigin: isSameHost,
  messageBytesMax: WEB_MESSAGE_BYTES_MAX,
  pingIntervalMs: Infinity,
  pendingBytesMax: Infinity,
};

export interface WebHandlerOptions {
  /** What the paths begin with; it ends in a slash. */
  readonly prefix: string;
  /** Where the web server listens, numeric. */
  readonly host: string;
  /** A name of its own. */
  readonly hostName: string | undefined;
  readonly closeTimeoutMs: number;
  readonly log: (line: string) => void;
  /** Gets each connection; it sets the handler, or closes it. */
  readonly onSocket: (socket: WebSocketConnection, request: HttpRequest) => void;
}

export function webHandler(options: WebHandlerOptions): HttpHandler {
  const { prefix, host, hostName, closeTimeoutMs, log, onSocket } = options;
  const isForUs = hostCheck({ address: host, name: hostName });
  const files = methods({
    GET: staticFiles({ roots: [new FileRoot(PAGE, PAGE_HEADERS)], prefix }),
  });
  const settings = { ...WEB_SOCKET, closeTimeoutMs };
  const answered = answering((request, response) => {
    if (!isForUs(request.host)) return misdirected(request, response);
    if (request.path.startsWith(prefix)) return files(request, response);
    if (`${request.path}/` !== prefix) throw new Refusal(404, "There is no such page");
    response.status = 301; // what the page links to is looked for inside
    response.setHeader("Location", prefix);
    response.end();
  }, log);
  return (request, response) => {
    const isSocket = request.path === `${prefix}irc` && isForUs(request.host);
    if (!isSocket) return answered(request, response);
    const socket = acceptWebSocket(request, response, {}, settings);
    if (socket !== undefined) onSocket(socket, request);
  };
}

/**
 * A browser says whose page asks; other clients do not. A page of somebody else's must not speak
 * here in its reader's name, from an address where the reader may be alone.
 */
function isSameHost(origin: string | undefined, request: HttpRequest): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === request.host.toLowerCase();
}
