/** Frames written by hand, and what a parser makes of bytes, as short words. */
import {
  CLOSE,
  FrameParser,
  type FrameParserOptions,
  MESSAGE,
  NEED_DATA,
  PING,
  WebSocketError,
} from "../../../src/protocols/websocket/index.js";
import { ByteQueue } from "../../../src/streams/index.js";

/** The mask of the examples in RFC 6455 §5.7. */
export const KEY: readonly number[] = [0x37, 0xfa, 0x21, 0x3d];

export interface FrameOptions {
  /** Default: yes, as a client sends. */
  readonly masked?: boolean;
  readonly key?: readonly number[];
  /** How the length is written; default the shortest. */
  readonly lengthCode?: 7 | 16 | 64;
}

/** A frame, byte by byte as RFC 6455 §5.2 has it, with nothing of ours in it. */
export function frame(
  first: number,
  payload: string | Uint8Array = "",
  { masked = true, key = KEY, lengthCode }: FrameOptions = {},
): Buffer {
  const body = Buffer.from(payload);
  const code = lengthCode ?? (body.length < 126 ? 7 : body.length < 65_536 ? 16 : 64);
  const bit = masked ? 0x80 : 0;
  const head = [first];
  if (code === 7) head.push(bit | body.length);
  else if (code === 16) head.push(bit | 126, body.length >> 8, body.length & 255);
  else {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(body.length));
    head.push(bit | 127, ...length);
  }
  if (!masked) return Buffer.concat([Buffer.from(head), body]);
  for (let i = 0; i < body.length; i += 1) body[i] = (body[i] as number) ^ (key[i % 4] as number);
  return Buffer.concat([Buffer.from([...head, ...key]), body]);
}

export function closeBody(code: number, reason: string | Uint8Array = ""): Buffer {
  const bytes = Buffer.from(reason);
  return Buffer.concat([Buffer.from([code >> 8, code & 255]), bytes]);
}

/** "text Hello", "binary 0102", "ping 01", "close 1000 bye", and at the end "error 1002". */
export function eventsOf(
  pieces: Iterable<Uint8Array>,
  options: Partial<FrameParserOptions> = {},
): string[] {
  const parser = new FrameParser({ isServer: true, ...options });
  const queue = new ByteQueue();
  const events: string[] = [];
  for (const piece of pieces) {
    queue.append(piece);
    try {
      for (let event = parser.next(queue); event !== NEED_DATA; event = parser.next(queue)) {
        events.push(wordOf(parser, event));
      }
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      events.push(`error ${error.closeCode}`);
      break;
    }
  }
  return events;
}

export function wordOf(parser: FrameParser, event: number): string {
  const { payload, isText, isCompressed, text } = parser;
  if (event === CLOSE) return `close ${parser.closeCode} ${parser.closeReason}`.trimEnd();
  if (event !== MESSAGE)
    return `${event === PING ? "ping" : "pong"} ${payload.toString("hex")}`.trimEnd();
  const kind = `${isText ? "text" : "binary"}${isCompressed ? "*" : ""}`;
  return `${kind} ${isText && !isCompressed ? text : payload.toString("hex")}`.trimEnd();
}

/** Single bytes. */
export function bytewise(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}
