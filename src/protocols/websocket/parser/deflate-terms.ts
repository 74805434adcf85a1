/**
 * What two peers agree on about permessage-deflate: a client offers, a server takes one offer, and
 * both know then how each direction is compressed. RFC 7692 §7.1
 *
 * Rule: an offer with anything unknown, twice or out of range is passed over by a server; the same
 * in an answer fails a client's handshake.
 */
import type { Extension } from "./header-lists.js";

export const DEFLATE_NAME = "permessage-deflate";

/** The exponent of the window that is used if nothing is said. RFC 1951 */
export const WINDOW_BITS_MAX = 15;
export const WINDOW_BITS_MIN = 8;

/** Both directions. "No takeover": each message is compressed for itself. */
export interface DeflateTerms {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8 to 15. */
  readonly serverMaxWindowBits: number;
  /** 8 to 15. */
  readonly clientMaxWindowBits: number;
}

/** The parameters of one extension, as they stand. */
interface Parameters {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
  /** Undefined: not there. */
  serverMaxWindowBits: number | undefined;
  /** Undefined: not there; 0: there without a value. */
  clientMaxWindowBits: number | undefined;
}

/** The first offer that can be taken, and what to answer; undefined: no compression. */
export function acceptOffer(
  offers: readonly Extension[],
  wanted: DeflateTerms,
): { readonly terms: DeflateTerms; readonly answer: string } | undefined {
  for (const offer of offers) {
    const asked = offer.name === DEFLATE_NAME ? parametersOf(offer) : undefined;
    const terms = asked && settle(asked, wanted);
    if (terms !== undefined) return { terms, answer: answerOf(terms, asked as Parameters) };
  }
  return undefined;
}

/** What a client asks for. */
export function offerOf(wanted: DeflateTerms): string {
  let offer = DEFLATE_NAME;
  if (wanted.serverNoContextTakeover) offer += "; server_no_context_takeover";
  if (wanted.clientNoContextTakeover) offer += "; client_no_context_takeover";
  if (wanted.serverMaxWindowBits < WINDOW_BITS_MAX) {
    offer += `; server_max_window_bits=${wanted.serverMaxWindowBits}`;
  }
  const isNarrow = wanted.clientMaxWindowBits < WINDOW_BITS_MAX;
  return `${offer}; client_max_window_bits${isNarrow ? `=${wanted.clientMaxWindowBits}` : ""}`;
}

/** What a server's answer to `offerOf(wanted)` means; undefined if it may not answer so. */
export function readAnswer(answer: Extension, wanted: DeflateTerms): DeflateTerms | undefined {
  const told = answer.name === DEFLATE_NAME ? parametersOf(answer) : undefined;
  if (told === undefined || told.clientMaxWindowBits === 0) return undefined;
  const serverBits = told.serverMaxWindowBits ?? WINDOW_BITS_MAX;
  const clientBits = told.clientMaxWindowBits ?? WINDOW_BITS_MAX;
  if (serverBits > wanted.serverMaxWindowBits) return undefined;
  if (wanted.serverNoContextTakeover && !told.serverNoContextTakeover) return undefined;
  return {
    serverNoContextTakeover: told.serverNoContextTakeover,
    clientNoContextTakeover: told.clientNoContextTakeover || wanted.clientNoContextTakeover,
    serverMaxWindowBits: serverBits,
    clientMaxWindowBits: Math.min(clientBits, wanted.clientMaxWindowBits),
  };
}

/** Undefined if the server wants a window of the client that the client has not offered. */
function settle(asked: Parameters, wanted: DeflateTerms): DeflateTerms | undefined {
  const { clientMaxWindowBits } = asked;
  const isNarrow = wanted.clientMaxWindowBits < WINDOW_BITS_MAX;
  if (clientMaxWindowBits === undefined && isNarrow) return undefined;
  return {
    serverNoContextTakeover: asked.serverNoContextTakeover || wanted.serverNoContextTakeover,
    clientNoContextTakeover: asked.clientNoContextTakeover || wanted.clientNoContextTakeover,
    serverMaxWindowBits: Math.min(
      asked.serverMaxWindowBits ?? WINDOW_BITS_MAX,
      wanted.serverMaxWindowBits,
    ),
    clientMaxWindowBits: Math.min(
      clientMaxWindowBits || WINDOW_BITS_MAX,
      wanted.clientMaxWindowBits,
    ),
  };
}

function answerOf(terms: DeflateTerms, asked: Parameters): string {
  let answer = DEFLATE_NAME;
  if (terms.serverNoContextTakeover) answer += "; server_no_context_takeover";
  if (terms.clientNoContextTakeover) answer += "; client_no_context_takeover";
  if (asked.serverMaxWindowBits !== undefined || terms.serverMaxWindowBits < WINDOW_BITS_MAX) {
    answer += `; server_max_window_bits=${terms.serverMaxWindowBits}`;
  }
  if (asked.clientMaxWindowBits !== undefined && terms.clientMaxWindowBits < WINDOW_BITS_MAX) {
    answer += `; client_max_window_bits=${terms.clientMaxWindowBits}`;
  }
  return answer;
}

/** Undefined if one is unknown, there twice, or has no value that it may have. */
function parametersOf({ parameters }: Extension): Parameters | undefined {
  const found: Parameters = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
  };
  if (new Set(parameters.map(([name]) => name)).size < parameters.length) return undefined;
  for (const [name, value] of parameters) {
    const bits = value !== undefined && /^([89]|1[0-5])$/.test(value) ? Number(value) : undefined;
    if (name === "server_no_context_takeover" && value === undefined) {
      found.serverNoContextTakeover = true;
    } else if (name === "client_no_context_takeover" && value === undefined) {
      found.clientNoContextTakeover = true;
    } else if (name === "server_max_window_bits" && bits !== undefined) {
      found.serverMaxWindowBits = bits;
    } else if (name === "client_max_window_bits" && (value === undefined || bits !== undefined)) {
      found.clientMaxWindowBits = bits ?? 0;
    } else return undefined;
  }
  return found;
}
