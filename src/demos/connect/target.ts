/** Where to connect to, or to listen: the arguments that are no options. */
import { parsePort } from "../command-line.js";
import { UsageError } from "../usage-error.js";

export type Target = UnixTarget | HostTarget;

export interface UnixTarget {
  /** Of a file, or "\0" and an abstract name. */
  readonly path: string;
}

export interface HostTarget {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

const DEFAULT_HOST = "127.0.0.1";

const EXPECTED = "expected PORT, HOST PORT, HOST:PORT or a PATH with a slash";

export interface TargetRules {
  /** 0, where the system may choose; else 1. */
  readonly leastPort: 0 | 1;
}

/**
 * Reads `7000`, `localhost 7000`, `localhost:7000`, `::1 7000`, `[::1]:7000`, `./a.sock`,
 * `@abstract`, and what our own commands print: `unix:/run/a.sock`.
 *
 * @throws UsageError
 */
export function parseTarget(words: readonly string[], { leastPort }: TargetRules): Target {
  const [first = "", second] = words;
  if (words.length === 2 && second !== undefined) {
    if (first === "") throw new UsageError("HOST must not be empty");
    return { host: first, port: parsePort("PORT", second, leastPort) };
  }
  if (words.length !== 1 || first === "") throw new UsageError(`${EXPECTED}; see ${HELP}`);
  const path = pathOf(first);
  if (path !== undefined) return { path };
  const [, bracketed, plain, digits = first] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(first) ?? [];
  if (!/^\d+$/.test(digits)) throw new UsageError(`"${first}": ${EXPECTED}; see ${HELP}`);
  return { host: bracketed ?? plain ?? DEFAULT_HOST, port: parsePort("PORT", digits, leastPort) };
}

const HELP = "socket-reactor connect --help";

/** undefined if it is none. "@" stands for the NUL of an abstract name, as in ss(8). */
function pathOf(text: string): string | undefined {
  const path = text.startsWith("unix:") ? text.slice("unix:".length) : text;
  if (path.startsWith("@")) return `\0${path.slice(1)}`;
  return path !== text || path.includes("/") ? path : undefined;
}

/** As the person wrote it, or nearly. */
export function nameOfTarget(target: Target): string {
  if ("path" in target) return target.path.replace(/^\0/, "@");
  const { host, port } = target;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
