/**
 * Ancillary data, what travels beside the bytes of `sendmsg` and `recvmsg` (cmsg(3)), as plain
 * objects, and as the records in which it crosses into the kernel's doorway (native/control.h).
 */
import { endianness } from "node:os";
import { type Fd, type Kernel, outOfRange, toFd, wrongType } from "../kernel/index.js";
import { invalidAddress } from "./address.js";
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from "./ip-address.js";

/** SCM_RIGHTS, unix(7): descriptors. Received ones are yours to close: `Socket.fromFd(fd)`. */
export interface RightsMessage {
  readonly type: "rights";
  /** At most 253 on Linux. */
  readonly fds: readonly Fd[];
}

/** SCM_CREDENTIALS, unix(7), Linux: who sent this. Received only with SO_PASSCRED. */
export interface CredentialsMessage {
  readonly type: "credentials";
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * IP_PKTINFO, ip(7), and IPV6_PKTINFO, ipv6(7): where a datagram arrived, or is to leave from.
 * Received only with the option IP_PKTINFO or IPV6_RECVPKTINFO.
 */
export interface PacketInfoMessage {
  readonly type: "pktinfo";
  readonly family: "IPv4" | "IPv6";
  /** The interface; when sending, 0 leaves the choice to the kernel. */
  readonly interfaceIndex: number;
  /** Received: the destination in the packet's header (a group, for multicast). Not used to send. */
  readonly address?: string;
  /** This machine's address: received on, or to send from (absent: the kernel's choice). */
  readonly localAddress?: string;
}

/**
 * A number: "ttl" (IP_TTL, with IP_RECVTTL) and "tos" (IP_TOS, with IP_RECVTOS), "hopLimit"
 * (IPV6_HOPLIMIT, with IPV6_RECVHOPLIMIT) and "trafficClass" (IPV6_TCLASS, with IPV6_RECVTCLASS);
 * "segmentBytes": received (UDP_GRO) the size of the datagrams that were joined into one, sent
 * (UDP_SEGMENT) the size to cut one buffer into.
 */
export interface NumberMessage {
  readonly type: "ttl" | "tos" | "hopLimit" | "trafficClass" | "segmentBytes";
  readonly value: number;
}

/** Anything else: the kernel's own bytes. */
export interface RawMessage {
  readonly type: "raw";
  readonly level: number;
  /** The message's type at that level: SO_TIMESTAMP ... */
  readonly number: number;
  readonly data: Uint8Array;
}

export type ControlMessage =
  | RightsMessage
  | CredentialsMessage
  | PacketInfoMessage
  | NumberMessage
  | RawMessage;

const HEADER_BYTES = 12;
const INT_BYTES = 4;
const IS_LITTLE = endianness() === "LE";

interface Raw {
  readonly level: number;
  readonly number: number;
  readonly data: Uint8Array;
}

/** Bytes to give `recvmsg` for so many descriptors and nothing else. */
export function rightsBytes(count: number): number {
  return HEADER_BYTES + INT_BYTES * count;
}

/**
 * Messages as records.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE for what is no message, ERR_INVALID_ADDRESS.
 * @throws RangeError ERR_OUT_OF_RANGE for a message that this system does not have.
 */
export function encodeControl(kernel: Kernel, messages: readonly ControlMessage[]): Uint8Array {
  const raws = messages.map((message) => toRaw(kernel, message));
  const size = raws.reduce((sum, { data }) => sum + HEADER_BYTES + padded(data.length), 0);
  const records = new Uint8Array(size);
  const view = new DataView(records.buffer);
  let at = 0;
  for (const { level, number, data } of raws) {
    view.setInt32(at, level, true);
    view.setInt32(at + 4, number, true);
    view.setInt32(at + 8, data.length, true);
    records.set(data, at + HEADER_BYTES);
    at += HEADER_BYTES + padded(data.length);
  }
  return records;
}

/** The messages in the first `length` bytes of `records`. */
export function decodeControl(
  kernel: Kernel,
  records: Uint8Array,
  length: number = records.length,
): ControlMessage[] {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const messages: ControlMessage[] = [];
  for (let at = 0; at + HEADER_BYTES <= length; ) {
    const bytes = view.getInt32(at + 8, true);
    const start = at + HEADER_BYTES;
    const data = records.slice(start, start + bytes);
    const raw = { level: view.getInt32(at, true), number: view.getInt32(at + 4, true), data };
    messages.push(fromRaw(kernel, raw));
    at = start + padded(bytes);
  }
  return messages;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

function toRaw(kernel: Kernel, message: ControlMessage): Raw {
  const { SOL_SOCKET, SCM_RIGHTS, SCM_CREDENTIALS } = kernel.constants;
  switch (message.type) {
    case "rights":
      return { level: SOL_SOCKET, number: SCM_RIGHTS, data: ints(...message.fds) };
    case "credentials": {
      const number = supported(SCM_CREDENTIALS, message.type);
      return { level: SOL_SOCKET, number, data: ints(message.pid, message.uid, message.gid) };
    }
    case "pktinfo":
      return packetInfoToRaw(kernel, message);
    case "raw":
      return message;
    case "ttl":
    case "tos":
    case "hopLimit":
    case "trafficClass":
    case "segmentBytes":
      return numberToRaw(kernel, message);
    default:
      throw unknownMessage(message);
  }
}

function unknownMessage(message: never): Error {
  return wrongType("control", "an array of control messages", message);
}

function supported(number: number | undefined, type: string): number {
  if (number === undefined) throw outOfRange("control", "messages that this system has", type);
  return number;
}

/** Little-endian ints, as the records' own forms have them. */
function ints(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(INT_BYTES * values.length));
  for (const [i, value] of values.entries()) view.setInt32(INT_BYTES * i, value, true);
  return new Uint8Array(view.buffer);
}

function packetInfoToRaw(kernel: Kernel, message: PacketInfoMessage): Raw {
  const { IPPROTO_IP, IPPROTO_IPV6, IP_PKTINFO, IPV6_PKTINFO } = kernel.constants;
  const isIpv4 = message.family === "IPv4";
  const data = new Uint8Array(isIpv4 ? 12 : 20);
  data.set(ints(message.interfaceIndex));
  const { localAddress } = message;
  if (localAddress !== undefined) {
    const isParsed = isIpv4 ? parseIpv4(localAddress, data, 4) : parseIpv6(localAddress, data, 4);
    if (!isParsed) throw invalidAddress(localAddress, `not an ${message.family} address`);
  }
  const number = supported(isIpv4 ? IP_PKTINFO : IPV6_PKTINFO, message.type);
  return { level: isIpv4 ? IPPROTO_IP : IPPROTO_IPV6, number, data };
}

/** Those carry the kernel's own bytes: an int, or what the comment says. */
function numberToRaw(kernel: Kernel, { type, value }: NumberMessage): Raw {
  const { IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP, IP_TTL, IP_TOS } = kernel.constants;
  const { IPV6_HOPLIMIT, IPV6_TCLASS, UDP_SEGMENT } = kernel.constants;
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) {
    throw outOfRange(type, "an integer from 0 to 65535", value);
  }
  const data = new Uint8Array(Int32Array.of(value).buffer);
  switch (type) {
    case "ttl":
      return { level: IPPROTO_IP, number: IP_TTL, data };
    case "tos":
      return { level: IPPROTO_IP, number: IP_TOS, data };
    case "hopLimit":
      return { level: IPPROTO_IPV6, number: supported(IPV6_HOPLIMIT, type), data };
    case "trafficClass":
      return { level: IPPROTO_IPV6, number: supported(IPV6_TCLASS, type), data };
    case "segmentBytes": {
      // A u16, unlike all others. udp(7)
      const short = new Uint8Array(Uint16Array.of(value).buffer);
      return { level: IPPROTO_UDP, number: supported(UDP_SEGMENT, type), data: short };
    }
  }
}

function fromRaw(kernel: Kernel, raw: Raw): ControlMessage {
  const c = kernel.constants;
  const view = new DataView(raw.data.buffer, raw.data.byteOffset, raw.data.byteLength);
  const isMessage = (level: number, number: number | undefined): boolean =>
    raw.level === level && raw.number === number;
  if (isMessage(c.SOL_SOCKET, c.SCM_RIGHTS)) {
    const count = Math.floor(raw.data.length / INT_BYTES);
    const fds = Array.from({ length: count }, (_, i) => toFd(view.getInt32(INT_BYTES * i, true)));
    return { type: "rights", fds };
  }
  if (isMessage(c.SOL_SOCKET, c.SCM_CREDENTIALS)) {
    const pid = view.getInt32(0, true);
    return { type: "credentials", pid, uid: view.getUint32(4, true), gid: view.getUint32(8, true) };
  }
  if (isMessage(c.IPPROTO_IP, c.IP_PKTINFO)) {
    const address = formatIpv4(raw.data, 8);
    const localAddress = formatIpv4(raw.data, 4);
    const interfaceIndex = view.getInt32(0, true);
    return { type: "pktinfo", family: "IPv4", interfaceIndex, address, localAddress };
  }
  if (isMessage(c.IPPROTO_IPV6, c.IPV6_PKTINFO)) {
    const address = formatIpv6(raw.data, 4);
    const interfaceIndex = view.getInt32(0, true);
    return { type: "pktinfo", family: "IPv6", interfaceIndex, address, localAddress: address };
  }
  const type = numberType(kernel, isMessage);
  if (type !== undefined) return { type, value: readNumber(view) };
  return { type: "raw", ...raw };
}

function numberType(
  kernel: Kernel,
  isMessage: (level: number, number: number | undefined) => boolean,
): NumberMessage["type"] | undefined {
  const c = kernel.constants;
  if (isMessage(c.IPPROTO_IP, c.IP_TTL)) return "ttl";
  if (isMessage(c.IPPROTO_IP, c.IP_TOS)) return "tos";
  // The BSDs name the received message as the option.
  if (isMessage(c.IPPROTO_IP, c.IP_RECVTTL)) return "ttl";
  if (isMessage(c.IPPROTO_IP, c.IP_RECVTOS)) return "tos";
  if (isMessage(c.IPPROTO_IPV6, c.IPV6_HOPLIMIT)) return "hopLimit";
  if (isMessage(c.IPPROTO_IPV6, c.IPV6_TCLASS)) return "trafficClass";
  if (isMessage(c.IPPROTO_UDP, c.UDP_GRO)) return "segmentBytes";
  return undefined;
}

/** IP_TOS comes as one byte, the others as an int or a u16, in this machine's byte order. */
function readNumber(view: DataView): number {
  if (view.byteLength >= 4) return view.getInt32(0, IS_LITTLE);
  if (view.byteLength >= 2) return view.getUint16(0, IS_LITTLE);
  return view.byteLength === 1 ? view.getUint8(0) : 0;
}
