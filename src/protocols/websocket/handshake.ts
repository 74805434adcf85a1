/**
 * The opening handshake, without I/O: what a server says to a request, and how both sides prove that
 * they speak WebSocket. RFC 6455 §4, RFC 7692 §5
 *
 * Neighbours: accept-websocket.ts answers with what is decided here; client-handshake.ts is the
 * client's side.
 */
import { createHash } from "node:crypto";
import type { Agreement } from "./agreement.js";
import { acceptOffer } from "./parser/deflate-terms.js";
import { hasToken, parseExtensions, parseProtocols } from "./parser/header-lists.js";
import type { Settings } from "./websocket-options.js";

/** The version of RFC 6455, and the only one. */
export const WEBSOCKET_VERSION = "13";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{21}[AQgw]==$/;

/** What is asked of a request; `HttpRequest` has it. */
export interface UpgradeRequest {
  readonly method: string;
  readonly minorVersion: number;
  /** False: it has a body, or part of it has not come. */
  readonly isComplete: boolean;
  get(name: string): string | undefined;
}

export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** The answer to a request that is not taken. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers: HeaderLines;
}

/** A request that is taken: what goes into the answer 101 beside Upgrade and Connection. */
export interface Grant {
  readonly agreement: Agreement;
  readonly headers: HeaderLines;
}

/** What a server proves with that it has read the key. RFC 6455 §4.2.2 */
export function acceptKey(key: string): string {
  return createHash("sha1").update(`${key}${GUID}`).digest("base64");
}

/** What a server answers. RFC 6455 §4.2 */
export function judge(request: UpgradeRequest, settings: Settings): Grant | Refusal {
  return refusalOf(request) ?? grant(request, settings);
}

function refusalOf(request: UpgradeRequest): Refusal | undefined {
  if (request.method !== "GET") return refuse(405, "The method must be GET", [["Allow", "GET"]]);
  if (request.minorVersion < 1) return refuse(400, "HTTP/1.1 is needed");
  if (!hasToken(request.get("upgrade"), "websocket")) {
    return refuse(426, "Only WebSocket is spoken here", [["Upgrade", "websocket"]]);
  }
  if (!hasToken(request.get("connection"), "upgrade")) return refuse(400, "No Connection: upgrade");
  if (request.get("sec-websocket-version") !== WEBSOCKET_VERSION) {
    return refuse(426, `The version must be ${WEBSOCKET_VERSION}`, [
      ["Sec-WebSocket-Version", WEBSOCKET_VERSION],
      ["Upgrade", "websocket"],
    ]);
  }
  if (!KEY.test(request.get("sec-websocket-key") ?? "")) {
    return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64");
  }
  return request.isComplete ? undefined : refuse(400, "The request must not have a body");
}

function grant(request: UpgradeRequest, settings: Settings): Grant | Refusal {
  const headers: [string, string][] = [
    ["Sec-WebSocket-Accept", acceptKey(request.get("sec-websocket-key") as string)],
  ];
  const asked = parseProtocols(request.get("sec-websocket-protocol"));
  if (asked === undefined) return refuse(400, "Sec-WebSocket-Protocol is no list of names");
  const protocol = asked.find((name) => settings.protocols.includes(name)) ?? "";
  if (protocol !== "") headers.push(["Sec-WebSocket-Protocol", protocol]);
  const offers = parseExtensions(request.get("sec-websocket-extensions"));
  if (offers === undefined) return refuse(400, "Sec-WebSocket-Extensions is no list of extensions");
  const taken = settings.deflate && acceptOffer(offers, settings.deflate);
  if (taken !== undefined) headers.push(["Sec-WebSocket-Extensions", taken.answer]);
  return { agreement: { isServer: true, settings, protocol, terms: taken?.terms }, headers };
}

function refuse(status: number, message: string, headers: HeaderLines = []): Refusal {
  return { status, message, headers };
}
