/** The port of an address that a server says of itself. */
import { parseAddress } from "../../src/index.js";

/** It throws where there is none. */
export function portOf(address: string): number {
  const parsed = parseAddress(address);
  if (!("port" in parsed)) throw new Error(`No port in ${address}`);
  return parsed.port;
}
