/** Which headers are in order, each for itself. RFC 6455 §5.2, §5.5 */
import {
  FIN,
  LENGTH_16,
  LENGTH_64,
  MASKED,
  OPCODE_BITS,
  RSV_ALL,
  RSV1,
  readWord,
} from "./frame-header.js";
import { CONTROL_BYTES_MAX } from "./parser-limits.js";

const TWO_TO_32 = 0x1_0000_0000;

/** Close, ping and pong, and what is reserved beside them. */
export function isControl(first: number): boolean {
  return (first & 0x08) !== 0;
}

/** What is wrong with the first two bytes of a frame; undefined: nothing. */
export function faultOfHead(first: number, second: number, isServer: boolean): string | undefined {
  const opcode = first & OPCODE_BITS;
  if ((first & RSV_ALL & ~RSV1) !== 0) return "Reserved bit is set";
  if ((opcode > 0x2 && opcode < 0x8) || opcode > 0xa) return "Reserved opcode";
  if (((second & MASKED) !== 0) !== isServer) {
    return isServer ? "Frame is not masked" : "Frame is masked";
  }
  if ((first & RSV1) !== 0 && (isControl(first) || opcode === 0)) return "RSV1 is set";
  if (!isControl(first)) return undefined;
  if ((first & FIN) === 0) return "Control frame is fragmented";
  return (second & ~MASKED) > CONTROL_BYTES_MAX ? "Control frame too long" : undefined;
}

/** The length that a whole header announces, inexact from 2^53 on; -1 for one of 2^63 or more. */
export function payloadLength(bytes: Uint8Array, at: number): number {
  const code = bytes[at + 1]! & ~MASKED;
  if (code < 126) return code;
  if (code === 126) return (bytes[at + 2]! << 8) | bytes[at + 3]!;
  if (bytes[at + 2]! >= 0x80) return -1;
  return readWord(bytes, at + 2) * TWO_TO_32 + readWord(bytes, at + 6);
}

/** What is wrong with a length: it must be in its shortest form, and below 2^63. */
export function faultOfLength(second: number, length: number): string | undefined {
  const code = second & ~MASKED;
  if (length < 0) return "Length of 2^63 or more";
  if (code < 126) return undefined;
  const isShort = length < (code === 126 ? LENGTH_16 : LENGTH_64);
  return isShort ? "Length is not in its shortest form" : undefined;
}
