/**
 * Views as a caller may get them wrong: of another type, detached, shrunk, shared, inside or at the
 * end of a larger buffer. Each is surrounded by canary bytes that no call may touch.
 */
import fc from "fast-check";

const CANARY = 0xa5;
const PAD = 32;

type ViewClass = new (buffer: ArrayBufferLike, offset: number, length?: number) => ArrayBufferView;

const CLASSES: Readonly<Record<string, ViewClass>> = {
  Uint8Array,
  Int32Array,
  Float64Array,
  Uint8ClampedArray,
  Uint16Array,
  BigInt64Array,
  DataView,
};

export interface ViewPlan {
  readonly type: string;
  readonly state: "plain" | "shared" | "resizable" | "detached" | "shrunk" | "cut" | "tracking";
  readonly hasTail: boolean;
  readonly length: number;
}

/** What the view's elements hold before the call. */
export type Content = (length: number) => Uint8Array | Int32Array;

const RIGHT = { weight: 12, wrong: 1 };

/** Plans of views, mostly of `type` and intact. */
export function viewPlan(type: string, lengths: readonly number[]): fc.Arbitrary<ViewPlan> {
  return fc.record({
    type: fc.oneof(
      { arbitrary: fc.constant(type), weight: RIGHT.weight },
      { arbitrary: fc.constantFrom(...Object.keys(CLASSES)), weight: RIGHT.wrong },
    ),
    state: fc.oneof(
      { arbitrary: fc.constantFrom("plain", "plain", "shared", "resizable"), weight: 8 },
      { arbitrary: fc.constantFrom("detached", "shrunk", "cut", "tracking"), weight: 2 },
    ) as fc.Arbitrary<ViewPlan["state"]>,
    hasTail: fc.boolean(),
    length: fc.constantFrom(...lengths),
  });
}

interface Resizable extends ArrayBuffer {
  resize(length: number): void;
}
const ResizableBuffer = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => Resizable;

/** A view, the bytes around it, and what a call may change of them. */
export class GuardedView {
  readonly view: ArrayBufferView;
  readonly #bytes: Uint8Array;
  readonly #before: Uint8Array;
  #from: number;
  #to: number;

  constructor(plan: ViewPlan, content: Content) {
    const Class = CLASSES[plan.type] as ViewClass;
    const size = "BYTES_PER_ELEMENT" in Class ? (Class.BYTES_PER_ELEMENT as number) : 1;
    const byteLength = plan.length * size;
    const total = PAD + byteLength + (plan.hasTail && plan.state !== "tracking" ? PAD : 0);
    const buffer = makeBuffer(plan.state, total);
    const bytes = new Uint8Array(buffer).fill(CANARY);
    const data = content(plan.length);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset).subarray(0, byteLength), PAD);
    this.view =
      plan.state === "tracking" ? new Class(buffer, PAD) : new Class(buffer, PAD, plan.length);
    this.#from = PAD;
    this.#to = PAD + byteLength;
    if (plan.state === "detached") structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    // "shrunk" leaves nothing of the view, "cut" a part: a fixed-length view is out of bounds then.
    if (plan.state === "shrunk") (buffer as Resizable).resize(0);
    if (plan.state === "cut") (buffer as Resizable).resize(PAD + (byteLength >> 4) * 8);
    if (plan.state === "shrunk" || plan.state === "cut") this.#from = this.#to = 0;
    this.#bytes = plan.state === "detached" ? new Uint8Array() : new Uint8Array(buffer);
    this.#before = this.#bytes.slice();
  }

  /** Narrows what may be changed to a part of the view. */
  allowOnly(offset: number, length: number): void {
    this.#from = Math.min(this.#from + offset, this.#to);
    this.#to = Math.min(this.#from + length, this.#to);
  }

  /** Bytes that the call changed and should not have, as indices into the view. */
  violations(): number[] {
    const changed: number[] = [];
    for (let i = 0; i < this.#bytes.length; i++) {
      if (i >= this.#from && i < this.#to) continue;
      if (this.#bytes[i] !== this.#before[i]) changed.push(i - PAD);
    }
    return changed;
  }
}

function makeBuffer(state: ViewPlan["state"], total: number): ArrayBufferLike {
  switch (state) {
    case "plain":
    case "detached":
      return new ArrayBuffer(total);
    case "shared":
      return new SharedArrayBuffer(total);
    default:
      return new ResizableBuffer(total, { maxByteLength: total + 64 });
  }
}
