/**
 * The client's side of the opening handshake, without I/O: what it sends, and whether it may believe
 * the answer. RFC 6455 §4.1. connect-websocket.ts does the rest.
 */
import { misuse } from "../../kernel/index.js";
import type { Agreement } from "./agreement.js";
import { acceptKey, WEBSOCKET_VERSION } from "./handshake.js";
import { type DeflateTerms, offerOf, readAnswer } from "./parser/deflate-terms.js";
import { hasToken, isToken, parseExtensions } from "./parser/header-lists.js";
import type { Settings } from "./websocket-options.js";

/** What is asked of a response 101. */
export interface UpgradeAnswer {
  get(name: string): string | undefined;
}

/** @param key 16 random bytes in base64. @throws TypeError for a subprotocol that is no token. */
export function requestHeaders(key: string, settings: Settings): [name: string, value: string][] {
  const { protocols, deflate } = settings;
  const headers: [string, string][] = [
    ["Sec-WebSocket-Key", key],
    ["Sec-WebSocket-Version", WEBSOCKET_VERSION],
  ];
  if (protocols.length > 0) {
    checkProtocols(protocols);
    headers.push(["Sec-WebSocket-Protocol", protocols.join(", ")]);
  }
  if (deflate !== undefined) headers.push(["Sec-WebSocket-Extensions", offerOf(deflate)]);
  return headers;
}

/** What was agreed on. @throws Error ERR_WEBSOCKET_HANDSHAKE if the answer is not to be trusted. */
export function readResponse(answer: UpgradeAnswer, key: string, settings: Settings): Agreement {
  if (!hasToken(answer.get("upgrade"), "websocket")) throw handshakeError("no Upgrade: websocket");
  if (!hasToken(answer.get("connection"), "upgrade"))
    throw handshakeError("no Connection: upgrade");
  if (answer.get("sec-websocket-accept") !== acceptKey(key)) {
    throw handshakeError("another Sec-WebSocket-Accept than belongs to the key");
  }
  const protocol = answer.get("sec-websocket-protocol") ?? "";
  if (protocol !== "" && !settings.protocols.includes(protocol)) {
    throw handshakeError("a subprotocol that was not asked for");
  }
  const terms = termsIn(answer.get("sec-websocket-extensions"), settings);
  return { isServer: false, settings, protocol, terms };
}

function termsIn(list: string | undefined, { deflate }: Settings): DeflateTerms | undefined {
  const extensions = parseExtensions(list);
  const [extension] = extensions ?? [];
  if (extensions?.length === 0) return undefined;
  const isOne = extensions?.length === 1 && extension !== undefined;
  const terms = isOne && deflate !== undefined ? readAnswer(extension, deflate) : undefined;
  if (terms === undefined) throw handshakeError("extensions that were not offered so");
  return terms;
}

function checkProtocols(protocols: readonly string[]): void {
  if (protocols.every(isToken) && new Set(protocols).size === protocols.length) return;
  throw misuse(
    TypeError,
    "ERR_INVALID_ARG_VALUE",
    'The "protocols" argument must be names without blanks, each once',
  );
}

export function handshakeError(what: string): Error {
  return misuse(Error, "ERR_WEBSOCKET_HANDSHAKE", `The server's answer has ${what}`);
}
