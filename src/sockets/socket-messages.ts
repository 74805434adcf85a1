/**
 * The calls that move more than bytes: datagrams with their addresses, ancillary data, batches,
 * files. They answer objects, or take closures, for what they do costs more than that; the path
 * without allocation is `recv` and `send` in socket.ts.
 */
import { ADDRESS_BYTES, WOULD_BLOCK } from "../kernel/index.js";
import type { AddressLike } from "./address.js";
import { encodeAddress } from "./address-record.js";
import { decodeControl, encodeControl } from "./control-records.js";
import type { DatagramBatch } from "./datagram-batch.js";
import type {
  BatchOptions,
  Datagram,
  RangeOptions,
  ReceivedMessage,
  RecvmsgOptions,
  SendmsgOptions,
} from "./messages.js";
import { SocketProperties } from "./socket-properties.js";

// Filled and read within one call.
const record = new Uint8Array(ADDRESS_BYTES);
const messageOut = new Int32Array(2);

export abstract class SocketMessages extends SocketProperties {
  /**
   * Receives a datagram and its sender; undefined if none waits. recvfrom(2)
   *
   * @throws as `recv`.
   */
  recvfrom(
    buffer: Uint8Array,
    { offset = 0, length = buffer.length - offset, flags = 0 }: RangeOptions = {},
  ): Datagram | undefined {
    const fd = this.openFd();
    const call = (): number => this.kernel.recvfrom(fd, buffer, offset, length, flags, record);
    let bytes = call();
    if (bytes < 0) bytes = this.settle("recvfrom", bytes, { isReading: true, flags }, call);
    if (bytes === WOULD_BLOCK) return undefined;
    return { bytes, address: this.decodeName(record) };
  }

  /**
   * Sends a datagram: its length, or WOULD_BLOCK. sendto(2)
   *
   * @throws SystemError EMSGSIZE, EACCES (a broadcast without SO_BROADCAST), ENOENT, ECONNREFUSED
   *   (unix: nobody there) ... with the address.
   */
  sendto(
    buffer: Uint8Array,
    address: AddressLike,
    { offset = 0, length = buffer.length - offset, flags = 0 }: RangeOptions = {},
  ): number {
    const fd = this.openFd();
    encodeAddress(this.kernel, address, record);
    const call = (): number => this.kernel.sendto(fd, buffer, offset, length, flags, record);
    const n = call();
    if (n >= 0) return n;
    if (n !== WOULD_BLOCK) throw this.failed("sendto", n, address);
    return this.settle("sendto", n, { isReading: false, flags }, call);
  }

  /**
   * Receives bytes or a datagram with what travels beside them; undefined if there is nothing.
   * recvmsg(2)
   *
   * @throws as `recv`.
   */
  recvmsg(
    buffer: Uint8Array,
    {
      offset = 0,
      length = buffer.length - offset,
      flags = 0,
      controlBytes = 0,
    }: RecvmsgOptions = {},
  ): ReceivedMessage | undefined {
    const fd = this.openFd();
    const records = controlBytes === 0 ? undefined : new Uint8Array(controlBytes);
    const call = (): number =>
      this.kernel.recvmsg(fd, buffer, offset, length, flags, record, records, messageOut);
    let bytes = call();
    if (bytes < 0) bytes = this.settle("recvmsg", bytes, { isReading: true, flags }, call);
    if (bytes === WOULD_BLOCK) return undefined;
    const { MSG_TRUNC, MSG_CTRUNC } = this.kernel.constants;
    const [flagsOut = 0, used = 0] = messageOut;
    return {
      bytes,
      address: this.decodeName(record),
      control: records === undefined ? [] : decodeControl(this.kernel, records, used),
      isTruncated: (flagsOut & MSG_TRUNC) !== 0,
      isControlTruncated: (flagsOut & MSG_CTRUNC) !== 0,
      flags: flagsOut,
    };
  }

  /**
   * Sends several buffers as one, with what travels beside them: how many bytes, or WOULD_BLOCK.
   * Descriptors in `control` stay yours. sendmsg(2)
   *
   * @param buffers one, or up to 64.
   * @throws as `sendto`; SystemError EBADF for a descriptor that is none, ETOOMANYREFS ...
   */
  sendmsg(
    buffers: Uint8Array | readonly Uint8Array[],
    { address, control = [], flags = 0 }: SendmsgOptions = {},
  ): number {
    const fd = this.openFd();
    const list = buffers instanceof Uint8Array ? [buffers] : buffers;
    const to = address === undefined ? undefined : encodeAddress(this.kernel, address, record);
    const records = control.length === 0 ? undefined : encodeControl(this.kernel, control);
    const call = (): number => this.kernel.sendmsg(fd, list, flags, to, records);
    const n = call();
    if (n >= 0) return n;
    if (n !== WOULD_BLOCK) throw this.failed("sendmsg", n, address);
    return this.settle("sendmsg", n, { isReading: false, flags }, call);
  }

  /**
   * Receives as many datagrams as are there and fit into `batch`, replacing what it held: how many,
   * or WOULD_BLOCK. A blocking socket waits for the first. recvmmsg(2)
   */
  recvmmsg(batch: DatagramBatch, flags = 0): number {
    const fd = this.openFd();
    const { buffer, slotBytes, slots, lengths, addresses } = batch;
    const call = (): number =>
      this.kernel.recvmmsg(fd, buffer, slotBytes, slots, flags, lengths, addresses);
    batch.clear();
    let count = call();
    if (count < 0) count = this.settle("recvmmsg", count, { isReading: true, flags }, call);
    if (count > 0) batch.received(count);
    return count;
  }

  /**
   * Sends the datagrams of `batch` from `start` on: how many went, which may be fewer than there
   * are, or WOULD_BLOCK. An error is reported only if it is the first datagram's. sendmmsg(2)
   */
  sendmmsg(batch: DatagramBatch, { start = 0, flags = 0 }: BatchOptions = {}): number {
    const fd = this.openFd();
    const { slotBytes } = batch;
    const count = batch.count - start;
    const { buffer, lengths, addresses } = batch.from(start);
    const to = batch.hasAddresses ? addresses : undefined;
    const call = (): number =>
      this.kernel.sendmmsg(fd, buffer, slotBytes, count, flags, lengths, to);
    const n = call();
    return n >= 0 ? n : this.settle("sendmmsg", n, { isReading: false, flags }, call);
  }

  /**
   * Sends a part of a file without copying it: how many bytes, fewer than `length` at the end of
   * the file or of the buffer, 0 behind the end; WOULD_BLOCK. The file's position stays. sendfile(2)
   *
   * @param fd an open file, such as `FileHandle.fd`.
   * @throws SystemError EBADF, EINVAL (not a file), EPIPE ...
   */
  sendFile(fd: number, offset: number, length: number): number {
    const socket = this.openFd();
    const call = (): number => this.kernel.sendfile(socket, fd, offset, length);
    const n = call();
    return n >= 0 ? n : this.settle("sendfile", n, { isReading: false, flags: 0 }, call);
  }
}
