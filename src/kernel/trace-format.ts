/**
 * How traced-calls.ts prints what goes into and comes out of a system call: numbers by name, bytes
 * escaped, address records and event triples decoded. It knows the records of kernel.ts and nothing
 * of who uses them.
 *
 * The rule of the file: it only reads, and it never throws for what a kernel accepted.
 */
import type { Constants } from "./constants.js";
import { errnoName } from "./errno.js";
import { ADDRESS_BYTES } from "./kernel.js";

/** Bytes of a buffer that are printed. strace: -s 32 */
export const TRACE_BYTES_MAX = 32;

/** Members of a list that are printed: events, datagrams, moves. */
export const TRACE_MEMBERS_MAX = 32;

type Name = readonly [name: string, value: number];

/** Where the fields of an address record stand, see native/address.h. */
const RECORD_PORT = 2;
const RECORD_SCOPE = 4;
const RECORD_LENGTH = 8;
const RECORD_DATA = 12;

const ESCAPES: Readonly<Record<number, string>> = {
  0: "\\0",
  9: "\\t",
  10: "\\n",
  13: "\\r",
  34: '\\"',
  92: "\\\\",
};

/** Names of a system's numbers, by what they begin with. */
export class Names {
  readonly constants: Constants;
  readonly #known = new Map<string, readonly Name[]>();

  constructor(constants: Constants) {
    this.constants = constants;
  }

  /** The one name that `value` has among those that match: "EPOLL_CTL_ADD", or the number. */
  one(pattern: RegExp, value: number): string {
    return this.#matching(pattern).find(([, known]) => known === value)?.[0] ?? String(value);
  }

  /** The names of its bits, "EPOLLIN|EPOLLRDHUP"; what has no name is hexadecimal. */
  bits(pattern: RegExp, value: number): string {
    let rest = value >>> 0;
    const found: string[] = [];
    for (const [name, known] of this.#matching(pattern)) {
      const bits = known >>> 0;
      if (bits === 0 || (rest & bits) >>> 0 !== bits) continue;
      found.push(name);
      rest = (rest & ~bits) >>> 0;
    }
    if (rest !== 0) found.push(`0x${rest.toString(16)}`);
    return found.length === 0 ? "0" : found.join("|");
  }

  level(level: number): string {
    if (level === this.constants.SOL_SOCKET) return "SOL_SOCKET";
    return this.one(/^IPPROTO_/, level);
  }

  /** An option's name, which is known by its level: SO_ERROR, TCP_NODELAY. */
  option(level: number, name: number): string {
    const c = this.constants;
    switch (level) {
      case c.SOL_SOCKET:
        return this.one(/^SO_/, name);
      case c.IPPROTO_TCP:
        return this.one(/^TCP_/, name);
      case c.IPPROTO_UDP:
        return this.one(/^UDP_/, name);
      case c.IPPROTO_IPV6:
        return this.one(/^IPV6_/, name);
      case c.IPPROTO_IP:
        return this.one(/^IP_/, name);
      default:
        return String(name);
    }
  }

  /** The address record at `at`: `127.0.0.1:7000`, `[::1]:7000`, `"/run/x"`, `@"abstract"`. */
  address(record: Uint8Array | undefined, at = 0): string {
    if (record === undefined || record.length < at + ADDRESS_BYTES) return "NULL";
    const view = new DataView(record.buffer, record.byteOffset + at, ADDRESS_BYTES);
    const port = view.getUint16(RECORD_PORT, true);
    const length = view.getUint32(RECORD_LENGTH, true);
    switch (view.getUint16(0, true)) {
      case this.constants.AF_INET:
        return `${record.subarray(at + RECORD_DATA, at + RECORD_DATA + 4).join(".")}:${port}`;
      case this.constants.AF_INET6:
        return `[${ipv6(view)}]:${port}`;
      case this.constants.AF_UNIX:
        return unixName(record.subarray(at + RECORD_DATA, at + RECORD_DATA + length));
      default:
        return "NULL";
    }
  }

  #matching(pattern: RegExp): readonly Name[] {
    const known = this.#known.get(pattern.source);
    if (known !== undefined) return known;
    const names = Object.entries(this.constants).filter(
      (entry): entry is [string, number] => entry[1] !== undefined && pattern.test(entry[0]),
    );
    this.#known.set(pattern.source, names);
    return names;
  }
}

/** The first run of zeros is left out, which need not be the longest: it is for reading only. */
function ipv6(view: DataView): string {
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(RECORD_DATA + i * 2));
  const scope = view.getUint32(RECORD_SCOPE, true);
  const text = groups.map((group) => group.toString(16)).join(":");
  return `${text.replace(/(^|:)0(:0)+(:|$)/, "::")}${scope === 0 ? "" : `%${scope}`}`;
}

function unixName(bytes: Uint8Array): string {
  if (bytes[0] === 0) return `@${quote(bytes.subarray(1), ADDRESS_BYTES)}`;
  return quote(bytes, ADDRESS_BYTES);
}

/** Bytes as a string literal, cut with dots behind it: `"hello\n"`, `"GET / HTT"...` */
export function quote(bytes: Uint8Array, max: number = TRACE_BYTES_MAX): string {
  let text = "";
  for (const byte of bytes.subarray(0, max)) {
    const isPrintable = byte >= 0x20 && byte < 0x7f;
    text +=
      ESCAPES[byte] ??
      (isPrintable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`);
  }
  return `"${text}"${bytes.length > max ? "..." : ""}`;
}

/** `recv(7, "hello", 512, 0) = 5`, `recv(7, ..., 512, 0) = -1 EAGAIN`. @param n a negative errno */
export function formatCall(name: string, args: readonly unknown[], n: number): string {
  return `${name}(${args.join(", ")}) = ${n < 0 ? `-1 ${errnoName(n)}` : n}`;
}

/** `length` bytes from `offset`; dots if the call gave none, for then they mean nothing. */
export function bytesAt(buffer: Uint8Array, offset: number, length: number): string {
  return length < 0 ? "..." : quote(buffer.subarray(offset, offset + length));
}

/** `[a, b]` of as many members as there are, cut with dots. */
export function list(count: number, member: (i: number) => string): string {
  const shown = Math.min(Math.max(count, 0), TRACE_MEMBERS_MAX);
  const members = Array.from({ length: shown }, (_, i) => member(i));
  if (count > shown) members.push("...");
  return `[${members.join(", ")}]`;
}
