/**
 * Many datagrams for one system call: a batch is received into (`Socket.recvmmsg`), looked at,
 * changed in place, and sent (`Socket.sendmmsg`). It is made once and used again and again; nothing
 * is allocated for a datagram but what `data` and `address` answer.
 */
import {
  ADDRESS_BYTES,
  BATCH_MAX,
  type Kernel,
  misuse,
  outOfRange,
  systemKernel,
} from "../kernel/index.js";
import type { Address, AddressLike } from "./address.js";
import { decodeAddress, encodeAddress } from "./address-record.js";

/** The default room for one datagram: an Ethernet frame's payload and some. */
export const SLOT_BYTES = 2048;

/** The most room for one datagram: UDP's own limit and some. */
const SLOT_BYTES_MAX = 0x10000;

export interface DatagramBatchOptions {
  /** Datagrams it has room for, 1 to 64. @defaultValue 64 */
  readonly slots?: number;
  /** Bytes of room for each, 1 to 65536; longer datagrams are cut. @defaultValue 2048 */
  readonly slotBytes?: number;
  /** @defaultValue systemKernel */
  readonly kernel?: Kernel;
}

/**
 * Room for up to 64 datagrams and their addresses.
 *
 * @example
 * ```ts
 * import { DatagramBatch, Socket, WOULD_BLOCK } from "socket-reactor";
 * const socket = Socket.udp();
 * socket.bind({ address: "127.0.0.1", port: 0 });
 * const batch = new DatagramBatch();
 * // An echo: everything goes back to where it came from.
 * if (socket.recvmmsg(batch) !== WOULD_BLOCK) socket.sendmmsg(batch);
 * socket.close();
 * ```
 */
export class DatagramBatch {
  readonly slots: number;
  readonly slotBytes: number;
  /** All slots, one after the other. */
  readonly buffer: Uint8Array;
  /** Bytes of each datagram. */
  readonly lengths: Int32Array;
  /** One address record for each datagram. */
  readonly addresses: Uint8Array;
  readonly #kernel: Kernel;
  #count = 0;
  #hasAddresses = false;

  constructor({
    slots = BATCH_MAX,
    slotBytes = SLOT_BYTES,
    kernel = systemKernel,
  }: DatagramBatchOptions = {}) {
    checkRange("slots", slots, BATCH_MAX);
    checkRange("slotBytes", slotBytes, SLOT_BYTES_MAX);
    this.slots = slots;
    this.slotBytes = slotBytes;
    this.buffer = new Uint8Array(slots * slotBytes);
    this.lengths = new Int32Array(slots);
    this.addresses = new Uint8Array(slots * ADDRESS_BYTES);
    this.#kernel = kernel;
  }

  /** How many datagrams are in it: received, or added. */
  get count(): number {
    return this.#count;
  }

  /** True if its datagrams carry addresses; if not they go to the connected peer. */
  get hasAddresses(): boolean {
    return this.#hasAddresses;
  }

  /**
   * The bytes of a datagram: a view into the batch, good until the next receive.
   *
   * @throws RangeError ERR_OUT_OF_RANGE unless 0 <= `index` < `count`.
   */
  data(index: number): Uint8Array {
    this.#checkIndex(index);
    const start = index * this.slotBytes;
    // With MSG_TRUNC the length is that of the datagram, which may have been longer than the room.
    return this.buffer.subarray(start, start + Math.min(this.lengths[index]!, this.slotBytes));
  }

  /**
   * The sender, or the destination; undefined if it has none.
   *
   * @throws RangeError ERR_OUT_OF_RANGE unless 0 <= `index` < `count`.
   */
  address(index: number): Address | undefined {
    this.#checkIndex(index);
    if (!this.#hasAddresses) return undefined;
    return decodeAddress(this.#kernel, this.addresses, index * ADDRESS_BYTES);
  }

  /**
   * Appends a datagram, copying it. All datagrams of a batch have an address, or none has.
   *
   * @throws RangeError ERR_OUT_OF_RANGE if it is longer than `slotBytes`, or the batch is full.
   * @throws Error ERR_MIXED_BATCH if some have an address and some have none.
   */
  add(data: Uint8Array, address?: AddressLike): void {
    if (this.#count === this.slots) throw outOfRange("data", "added to a batch with room", "full");
    if (data.length > this.slotBytes) {
      throw outOfRange("data", `at most ${this.slotBytes} bytes long`, data.length);
    }
    const hasAddress = address !== undefined;
    if (this.#count > 0 && hasAddress !== this.#hasAddresses) {
      throw misuse(
        Error,
        "ERR_MIXED_BATCH",
        "Either all datagrams of a batch have an address or none",
      );
    }
    if (hasAddress) {
      encodeAddress(this.#kernel, address, this.addresses, this.#count * ADDRESS_BYTES);
    }
    this.#hasAddresses = hasAddress;
    this.buffer.set(data, this.#count * this.slotBytes);
    this.lengths[this.#count] = data.length;
    this.#count++;
  }

  /** Forgets all datagrams. */
  clear(): void {
    this.#count = 0;
    this.#hasAddresses = false;
  }

  /** For `Socket.recvmmsg`: so many datagrams were received. @internal */
  received(count: number): void {
    this.#count = count;
    this.#hasAddresses = count > 0;
  }

  /** For `Socket.sendmmsg`: the arrays from datagram `start` on. @internal */
  from(start: number): Pick<DatagramBatch, "buffer" | "lengths" | "addresses"> {
    if (start === 0) return this;
    if (!Number.isInteger(start) || start < 0 || start > this.#count) {
      throw outOfRange("start", `an integer from 0 to ${this.#count}`, start);
    }
    return {
      buffer: this.buffer.subarray(start * this.slotBytes),
      lengths: this.lengths.subarray(start),
      addresses: this.addresses.subarray(start * ADDRESS_BYTES),
    };
  }

  #checkIndex(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.#count) {
      throw outOfRange("index", `an integer from 0 to ${this.#count - 1}`, index);
    }
  }
}

function checkRange(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw outOfRange(name, `an integer from 1 to ${max}`, value);
  }
}
