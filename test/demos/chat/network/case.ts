/** A conversation with a name: see script.ts. */
import type { NetworkOptions } from "../../../../src/demos/chat/network/chat-network.js";

export interface Case {
  readonly name: string;
  readonly options?: NetworkOptions;
  readonly script: string;
}
