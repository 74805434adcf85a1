/** Keys for masks. Nobody may guess them (RFC 6455 §10.3); they are drawn many at a time. */
import { randomFillSync } from "node:crypto";

const BATCH = 2048;

let keys: Int32Array | undefined;
let next = BATCH;

/** A random key, as parser/mask.ts has them. */
export function randomKey(): number {
  if (keys === undefined || next === BATCH) {
    keys ??= new Int32Array(BATCH);
    randomFillSync(keys);
    next = 0;
  }
  const key = keys[next] as number;
  keys[next] = 0;
  next += 1;
  return key;
}
