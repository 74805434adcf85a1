/** What `recvfrom`, `recvmsg`, `sendto` and `sendmsg` take and answer. */
import type { Address, AddressLike } from "./address.js";
import type { ControlMessage } from "./control-records.js";

/** The part of a buffer that a call uses, and its flags. */
export interface RangeOptions {
  /** @defaultValue 0 */
  readonly offset?: number;
  /** @defaultValue what the buffer has behind `offset` */
  readonly length?: number;
  /** MSG_ bits of `kernel.constants`. @defaultValue 0 */
  readonly flags?: number;
}

/** A datagram that was received. */
export interface Datagram {
  /** Its length, which may be 0; at most that of the buffer, the rest is lost. */
  readonly bytes: number;
  /** The sender; undefined where the protocol does not tell (TCP). */
  readonly address: Address | undefined;
}

export interface RecvmsgOptions extends RangeOptions {
  /**
   * Room for ancillary data in bytes, each message 12 more than its data. Without room descriptors
   * are refused by the kernel, and `isControlTruncated` says so.
   * @defaultValue 0
   */
  readonly controlBytes?: number;
}

/** A message that was received. */
export interface ReceivedMessage extends Datagram {
  /** Descriptors among it are yours to close. */
  readonly control: ControlMessage[];
  /** The datagram was longer than the buffer. MSG_TRUNC */
  readonly isTruncated: boolean;
  /** Ancillary data was lost, descriptors among it closed. MSG_CTRUNC */
  readonly isControlTruncated: boolean;
  /** All MSG_ bits the kernel set. */
  readonly flags: number;
}

export interface SendmsgOptions {
  /** Where to; absent on a connected socket. */
  readonly address?: AddressLike;
  /** Ancillary data; over a stream at least one byte has to go with it. */
  readonly control?: readonly ControlMessage[];
  /** MSG_ bits of `kernel.constants`. @defaultValue 0 */
  readonly flags?: number;
}

export interface BatchOptions {
  /** The first datagram to send; goes on after a batch that was sent in part. @defaultValue 0 */
  readonly start?: number;
  /** MSG_ bits of `kernel.constants`. @defaultValue 0 */
  readonly flags?: number;
}
