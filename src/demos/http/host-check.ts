/**
 * Whose requests a server on a loopback address answers (RFC 9110 §7.4). Pure.
 *
 * The rule of this file: what only this machine can reach, a page of another site must not read. It
 * could have its own name lead to 127.0.0.1 once it is loaded (DNS rebinding), and for the browser
 * we were its own server then. But Host still says the name. Nobody can rebind an address, nor a
 * localhost.
 */
import { isIP } from "node:net";

export interface HostCheckOptions {
  /** Where the server listens, numeric. */
  readonly address: string;
  /** A name of its own that counts, too. */
  readonly name?: string | undefined;
}

/** @returns says of a request's host, with or without a port, if it is meant for this server. */
export function hostCheck({ address, name = "" }: HostCheckOptions): (host: string) => boolean {
  if (!isLoopback(address)) return () => true; // it may have any name, and hides from nobody
  const own = plainName(name);
  return (host) => {
    if (host === "") return true; // HTTP/1.0, no browser's
    const asked = plainName(host.replace(/:\d*$/, ""));
    if (/^\[.*\]$/.test(asked)) return isIP(asked.slice(1, -1)) === 6;
    return asked === own || isIP(asked) === 4 || /^(.*\.)?localhost$/.test(asked);
  };
}

/** An IPv4 address may be written as an IPv6 one. */
function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./i.test(address);
}

/** Case does not matter, nor does the dot at the end of a name that is whole. */
function plainName(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}
