/** What two peers have agreed on in the handshake, and what each of them goes by. */
import type { DirectionTerms } from "./deflate.js";
import type { DeflateTerms } from "./parser/deflate-terms.js";
import type { Settings } from "./websocket-options.js";

export interface Agreement {
  /** Our side: a server gets masked frames and sends unmasked ones. */
  readonly isServer: boolean;
  readonly settings: Settings;
  /** The subprotocol; "" if none. */
  readonly protocol: string;
  /** permessage-deflate; undefined: not agreed on. */
  readonly terms: DeflateTerms | undefined;
}

/** How one of them compresses. */
export function termsOf(terms: DeflateTerms, isServer: boolean): DirectionTerms {
  return isServer
    ? { noContextTakeover: terms.serverNoContextTakeover, windowBits: terms.serverMaxWindowBits }
    : { noContextTakeover: terms.clientNoContextTakeover, windowBits: terms.clientMaxWindowBits };
}
