/**
 * What traced-calls.ts needs beside names: lists of events, interests, datagrams and control
 * messages, and which descriptor a kernel queue means by a slot, for its events do not say.
 */
import { ADDRESS_BYTES, EVENT_INTS, INTEREST_INTS } from "./kernel.js";
import { bytesAt, list, Names, quote } from "./trace-format.js";

/** The bytes before the data of a control record. */
const CONTROL_HEADER = 12;

/** The descriptor of a slot; undefined if it belongs to nobody any more. */
export type FdOf = (slot: number, generation: number) => number | undefined;

export class TraceContext extends Names {
  readonly #queues = new Map<number, Map<number, { fd: number; generation: number }>>();

  registered(queue: number, slot: number, generation: number, fd: number): void {
    const slots = this.#queues.get(queue) ?? new Map();
    this.#queues.set(queue, slots.set(slot, { fd, generation }));
  }

  closed(fd: number): void {
    this.#queues.delete(fd);
  }

  fdOf(queue: number): FdOf {
    const slots = this.#queues.get(queue);
    return (slot, generation) => {
      const known = slots?.get(slot);
      return known?.generation === generation ? known.fd : undefined;
    };
  }

  /** Event triples. A slot of which `fdOf` knows nothing belongs to nobody any more. */
  events(count: number, events: Int32Array, nameOf: (bits: number) => string, fdOf: FdOf): string {
    return list(count, (i) => {
      const [slot = 0, generation = 0, bits = 0] = events.subarray(i * EVENT_INTS);
      const fd = fdOf(slot, generation);
      return `{${fd === undefined ? `stale slot=${slot}` : `fd=${fd}`}, ${nameOf(bits)}}`;
    });
  }

  /** Control records: level, type, length, bytes padded to 4. Descriptors are shown as numbers. */
  control(records: Uint8Array | undefined, length: number = records?.length ?? 0): string {
    if (records === undefined) return "NULL";
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const shown: string[] = [];
    for (let at = 0; at + CONTROL_HEADER <= length; ) {
      const bytes = view.getInt32(at + 8, true);
      const start = at + CONTROL_HEADER;
      const name = this.one(/^SCM_/, view.getInt32(at + 4, true));
      const data =
        name === "SCM_RIGHTS"
          ? list(bytes >> 2, (i) => String(view.getInt32(start + i * 4, true)))
          : quote(records.subarray(start, start + bytes));
      shown.push(`{${this.level(view.getInt32(at, true))}, ${name}, ${data}}`);
      at = start + ((bytes + 3) & ~3);
    }
    return `[${shown.join(", ")}]`;
  }

  /** `count` slots of `slotBytes`, as recvmmsg and sendmmsg have them. */
  datagrams(
    count: number,
    buffer: Uint8Array,
    slotBytes: number,
    lengths: Int32Array,
    addresses: Uint8Array | undefined,
  ): string {
    return list(count, (i) => {
      const bytes = Math.min(lengths[i] ?? 0, slotBytes);
      const to = addresses === undefined ? "" : `${this.address(addresses, i * ADDRESS_BYTES)}, `;
      return `{${to}${bytesAt(buffer, i * slotBytes, bytes)}}`;
    });
  }
}

/** An interest list of poll or select as text, and its descriptors by slot. */
export function interests(
  count: number,
  ints: Int32Array,
  bits: (bits: number) => string,
): readonly [text: string, fdOf: FdOf] {
  const fds = new Map<number, number>();
  for (let at = 0; at < count * INTEREST_INTS; at += INTEREST_INTS) {
    fds.set(ints[at + 2] ?? 0, ints[at] ?? 0);
  }
  const text = list(count, (i) => {
    const at = i * INTEREST_INTS;
    return `{fd=${ints[at]}, ${bits(ints[at + 1] ?? 0)}}`;
  });
  return [text, (slot) => fds.get(slot)];
}
