/** The arguments of recv_each and send_each: lists of moves, some of which lie over the buffer. */
import fc from "fast-check";
import { type Guards, type Kind, makeView } from "./argument-kinds.js";
import { GuardedView, type ViewPlan, viewPlan } from "./hostile-views.js";
import { UNUSED_FD } from "./support.js";
import type { World } from "./world.js";

const move = fc.record({
  fd: fc.oneof(fc.nat(15), fc.constantFrom(-1, -(2 ** 31), UNUSED_FD)),
  offset: fc.constantFrom(0, 1, 63, 64, 4095, 4096, 4097, -1, 2 ** 31 - 1, -(2 ** 31)),
  length: fc.constantFrom(0, 0, 1, 64, 4096, 4097, -1, 2 ** 31 - 1, -(2 ** 31)),
});

/** Mostly moves that lie in a buffer of 64 bytes, else send_each would refuse nearly every list. */
const list = fc.oneof(
  fc.array(move, { maxLength: 12 }),
  fc.array(fc.record({ fd: fc.nat(15), offset: fc.nat(32), length: fc.nat(32) }), {
    maxLength: 12,
  }),
);

interface Plan {
  readonly list: readonly { fd: number; offset: number; length: number }[];
  readonly count: number | null;
  readonly moves: ViewPlan;
  /** Where in the list's own memory the buffer begins, or a buffer of its own. */
  readonly buffer: number | ViewPlan;
}

const plan = fc.record({
  list,
  count: fc.option(fc.constantFrom(-1, 0, 1, 13, 2 ** 30, 2 ** 31, 0.5, Number.NaN), { freq: 4 }),
  moves: viewPlan("Int32Array", [0]),
  buffer: fc.oneof(
    { arbitrary: viewPlan("Uint8Array", [64, 0, 1, 4096]), weight: 4 },
    { arbitrary: fc.nat(128), weight: 1 },
  ),
});

/** Moves, how many, and the buffer, of which the call may change what lies in `writable`. */
function make(planned: Plan, world: World, guards: Guards, writable: [number, number]): unknown[] {
  const ints = planned.list.flatMap(({ fd: pick, offset, length }) => [
    pick >= 0 && pick < 16 ? (world.fds[pick % world.fds.length] as number) : pick,
    offset,
    length,
    0,
  ]);
  const size = Math.max(ints.length, 64);
  const moves = new GuardedView({ ...planned.moves, length: size }, (length) => {
    const all = new Int32Array(length * 2).fill(-1);
    all.set(ints);
    return all;
  });
  guards.push(moves);
  const count = planned.count ?? planned.list.length;
  if (typeof planned.buffer === "number") {
    const { view } = moves;
    // Of another type, detached, or out of bounds.
    if (!(view instanceof Int32Array) || view.length === 0) return [view, count, view];
    const { buffer, byteOffset, byteLength } = view;
    const at = Math.min(planned.buffer, byteLength);
    return [view, count, new Uint8Array(buffer, byteOffset + at, byteLength - at)];
  }
  const guarded = makeView(planned.buffer);
  guarded.allowOnly(writable[0], Math.max(0, writable[1] - writable[0]));
  guards.push(guarded);
  return [moves.view, count, guarded.view];
}

/** The five arguments of recv_each. */
export const recvMoves: Kind = {
  plan: fc.record({
    common: plan,
    start: fc.oneof(fc.constantFrom(0, 0, 1, 63, 64), fc.constantFrom(-1, 2 ** 31, 0.5)),
    end: fc.oneof(fc.constantFrom(0, 1, 64, 64, 4096), fc.constantFrom(-1, 2 ** 32, Number.NaN)),
  }),
  make(planned, world, guards) {
    const { common, start, end } = planned as { common: Plan; start: number; end: number };
    return [...make(common, world, guards, [Math.max(0, start), end || 0]), start, end];
  },
};

/** The three arguments of send_each, which may change nothing of the buffer. */
export const sendMoves: Kind = {
  plan,
  make: (planned, world, guards) => make(planned as Plan, world, guards, [0, 0]),
};
