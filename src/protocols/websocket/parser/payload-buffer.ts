/**
 * Memory of our own for the payload of a message that comes in pieces. It grows with what has come,
 * not with what was promised: a peer that announces a megabyte and sends a byte holds little.
 */

/** The least that is taken for a payload that has not come whole. */
const BYTES_MIN = 1024;

const NO_BYTES: Buffer = Buffer.alloc(0);

export class PayloadBuffer {
  bytes: Buffer = NO_BYTES;
  /** How much of `bytes` is filled. */
  length = 0;

  /**
   * Makes room for `count` more bytes.
   *
   * @param promised what the frame that is coming still has, `count` included: so that a frame
   *   which is here as a whole takes exactly its length.
   */
  reserve(count: number, promised: number): Buffer {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return this.bytes;
    const most = this.length + promised;
    const size = Math.max(needed, Math.min(most, Math.max(BYTES_MIN, this.bytes.length * 2)));
    const grown = Buffer.allocUnsafe(size);
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    return grown;
  }

  /** What has come; the memory is the caller's then. */
  take(): Buffer {
    const { bytes, length } = this;
    this.bytes = NO_BYTES;
    this.length = 0;
    return length === bytes.length ? bytes : bytes.subarray(0, length);
  }
}
