/**
 * The kinds of argument of the kernel's calls. A kind plans values as plain data, which fast-check
 * can print and shrink, and makes them real in the world of one call: one argument, or the three
 * of a part of a buffer.
 */
import fc from "fast-check";
import { systemKernel as kernel } from "../../src/kernel/index.js";
import { type Content, GuardedView, viewPlan } from "./hostile-views.js";
import { control, int32s, loopback, record, UNUSED_FD } from "./support.js";
import type { World } from "./world.js";

/** Guards of the views that one call was given. */
export type Guards = GuardedView[];

export interface Kind<P = unknown> {
  readonly plan: fc.Arbitrary<P>;
  make(plan: P, world: World, guards: Guards): unknown[];
}

type Planned = { readonly right: unknown } | { readonly wrong: string };

/** What is no number, or none that any call takes. */
const WRONG: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  '"1"': () => "1",
  '""': () => "",
  NaN: () => Number.NaN,
  "1.5": () => 1.5,
  "{}": () => ({}),
  "[]": () => [],
  true: () => true,
  "Symbol()": () => Symbol("argument"),
  "1n": () => 1n,
  function: () => () => 1,
  "object with valueOf": () => ({
    valueOf() {
      throw new Error("An argument was converted");
    },
  }),
  Proxy: () => new Proxy({}, {}),
  ArrayBuffer: () => new ArrayBuffer(64),
};

/** Numbers beyond a bound: never given where they would mean "for ever". */
const BEYOND: Readonly<Record<string, () => unknown>> = {
  "-1": () => -1,
  "2^31": () => 2 ** 31,
  "-2^31 - 1": () => -(2 ** 31) - 1,
  "2^32": () => 2 ** 32,
  "2^53": () => 2 ** 53,
  "1e300": () => 1e300,
  Infinity: () => Number.POSITIVE_INFINITY,
  "-Infinity": () => Number.NEGATIVE_INFINITY,
};

const EVERY_WRONG = { ...WRONG, ...BEYOND };

export function mostly<P>(
  right: fc.Arbitrary<P>,
  make: (plan: P, world: World, guards: Guards) => unknown[],
  wrong: Readonly<Record<string, () => unknown>> = EVERY_WRONG,
): Kind {
  const plan: fc.Arbitrary<Planned> = fc.oneof(
    { arbitrary: right.map((value) => ({ right: value })), weight: 9 },
    {
      arbitrary: fc.constantFrom(...Object.keys(wrong)).map((name) => ({ wrong: name })),
      weight: 1,
    },
  );
  return {
    plan,
    make(planned, world, guards) {
      const p = planned as Planned;
      return "wrong" in p ? [wrong[p.wrong]?.()] : make(p.right as P, world, guards);
    },
  };
}

/** One of the world's descriptors, or a number that is none. */
export const fd: Kind = mostly(
  fc.oneof(fc.nat(15), fc.constantFrom(-1, UNUSED_FD)),
  (pick, world) => [pick >= 0 && pick < 16 ? world.fds[pick % world.fds.length] : pick],
);

export function oneOf(...values: number[]): Kind {
  return mostly(fc.constantFrom(...values), (value) => [value]);
}

/** Any int32, and zero often. */
export const int: Kind = mostly(
  fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  (value) => [value],
);

export const boolean: Kind = mostly(fc.boolean(), (value) => [value]);

/** Never long: other numbers wait for ever. */
export const timeoutMs: Kind = mostly(fc.constantFrom(0, 0, -0, 0.25, 1), (ms) => [ms], WRONG);

export const interfaceName: Kind = mostly(
  fc.oneof(
    fc.constantFrom("lo", "lo0", "lo\0", "", "x".repeat(15), "x".repeat(4096), "\ud800"),
    fc.string(),
  ),
  (name) => [name],
);

const noise: Content = (length) => new Uint8Array(length * 8).fill(0x5a);

function view(type: string, lengths: number[], content: Content = noise): Kind {
  return mostly(viewPlan(type, lengths), (plan, _world, guards) => {
    const guarded = new GuardedView(plan, content);
    guards.push(guarded);
    return [guarded.view];
  });
}

export const bytes: Kind = view("Uint8Array", [0, 1, 4, 12, 16, 119, 120, 121, 4096]);
export const ints: Kind = view("Int32Array", [0, 1, 2, 3, 4, 7, 64]);
export const doubles: Kind = view("Float64Array", [0, 1, 10, 100]);

/** A buffer, an offset and a length. */
export const range: Kind = {
  plan: fc.record({
    view: viewPlan("Uint8Array", [0, 1, 64, 4096]),
    offset: fc.oneof(
      fc.constantFrom(0, 1, 63, 64),
      fc.constantFrom(-1, 2 ** 31, 2 ** 53, 0.5, Number.NaN),
    ),
    length: fc.oneof(fc.constantFrom(0, 1, 64, 4096), fc.constantFrom(-1, 2 ** 32, 2 ** 53, 1e300)),
  }),
  make(planned, _world, guards) {
    const plan = planned as {
      view: Parameters<typeof makeView>[0];
      offset: number;
      length: number;
    };
    const guarded = makeView(plan.view);
    guarded.allowOnly(Math.max(0, plan.offset || 0), Math.max(0, plan.length));
    guards.push(guarded);
    return [guarded.view, plan.offset, plan.length];
  },
};

export function makeView(plan: ConstructorParameters<typeof GuardedView>[0]): GuardedView {
  return new GuardedView(plan, noise);
}

const { AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC, SOL_SOCKET, SCM_RIGHTS } = kernel.constants;

/** Records: nothing but loopback, ports of our own, and unix names that make no file. */
const RECORDS: Readonly<Record<string, (world: World) => Uint8Array>> = {
  "the listener": (world) => world.address,
  "loopback, any port": () => loopback(),
  "::1, any port": () => record(AF_INET6, 0, [...new Uint8Array(15), 1]),
  "an abstract name": () => record(AF_UNIX, 0, Buffer.from("\0socket-reactor-property")),
  "no name": () => record(AF_UNIX, 0, []),
  "a path that is not there": () => record(AF_UNIX, 0, Buffer.from("/nonexistent/socket")),
  "a path without room for its NUL": () => record(AF_UNIX, 0, new Uint8Array(108).fill(0x2f)),
  AF_UNSPEC: () => record(AF_UNSPEC, 0, []),
  "an unknown family": () => record(999, 1, [1]),
  "IPv4 of 5 bytes": () => record(AF_INET, 0, [127, 0, 0, 1, 0]),
  "IPv6 of 4 bytes": () => record(AF_INET6, 0, [0, 0, 0, 1]),
  "a length beyond the record": () => {
    const address = loopback();
    address.set([0xff, 0xff, 0xff, 0xff], 8);
    return address;
  },
};

/** A view that holds records; `lengths` in bytes. */
function recordView(lengths: number[]): Kind {
  const plan = fc.record({
    view: viewPlan("Uint8Array", lengths),
    holds: fc.constantFrom(...Object.keys(RECORDS)),
  });
  return mostly(plan, ({ view, holds }, world, guards) => {
    const one = (RECORDS[holds] as (world: World) => Uint8Array)(world);
    const guarded = new GuardedView(view, (length) => {
      const all = new Uint8Array(length * 8);
      for (let at = 0; at + one.length <= all.length; at += one.length) all.set(one, at);
      return all;
    });
    guards.push(guarded);
    return [guarded.view];
  });
}

export const address: Kind = recordView([120, 120, 120, 119, 121, 0]);
export const addresses: Kind = recordView([120, 240, 64 * 120, 64 * 120 - 1, 0]);

const CONTROLS: Readonly<Record<string, (world: World) => Uint8Array>> = {
  nothing: () => new Uint8Array(),
  "two descriptors": (world) => rightsOf(world.fds[3] as number, world.fds[7] as number),
  "no open descriptors": () => rightsOf(-1, UNUSED_FD),
  "254 descriptors": (world) => rightsOf(...new Array<number>(254).fill(world.fds[0] as number)),
  "3 bytes of rights": () =>
    control({ level: SOL_SOCKET, type: SCM_RIGHTS, bytes: new Uint8Array(3) }),
  "short credentials": () => control({ level: SOL_SOCKET, type: 2, bytes: new Uint8Array(4) }),
  credentials: () => control({ level: SOL_SOCKET, type: 2, bytes: int32s(process.pid, 0, 0) }),
  "packet information": () => control({ level: 0, type: 8, bytes: int32s(0, 0, 0) }),
  "an unknown type": () => control({ level: 9999, type: -1, bytes: new Uint8Array(5) }),
  "a header cut short": () => new Uint8Array(11),
  "a length of -1": () => withLength(-1),
  "a length of 2^31-1": () => withLength(2 ** 31 - 1),
  "too many": () => Buffer.concat(new Array<Uint8Array>(400).fill(withLength(0))),
  "too long": () => control({ level: 0, type: 0, bytes: new Uint8Array(8192) }),
};

function rightsOf(...fds: number[]): Uint8Array {
  return control({ level: SOL_SOCKET, type: SCM_RIGHTS, bytes: int32s(...fds) });
}

function withLength(length: number): Uint8Array {
  return int32s(SOL_SOCKET, 1, length);
}

/** Ancillary data to send. */
export const controlIn: Kind = mostly(
  fc.record({
    view: viewPlan("Uint8Array", [0]),
    holds: fc.constantFrom(...Object.keys(CONTROLS)),
  }),
  ({ view, holds }, world, guards) => {
    const records = (CONTROLS[holds] as (world: World) => Uint8Array)(world);
    const guarded = new GuardedView({ ...view, length: (records.length >> 3) << 3 }, () => records);
    // A record may end anywhere; whole words suit every type of view.
    guards.push(guarded);
    return [view.type === "Uint8Array" && view.state === "plain" ? records : guarded.view];
  },
);

/** Room for ancillary data: none, little, enough. */
export const controlOut: Kind = view("Uint8Array", [0, 11, 12, 16, 19, 20, 24, 256]);

const interest = fc.record({
  fd: fc.oneof(fc.nat(15), fc.constantFrom(-1, -(2 ** 31), UNUSED_FD, 1024)),
  bits: fc.constantFrom(0, 1, 2, 3, 4, 5, -1, 0x7fffffff),
});

/**
 * The four arguments of poll and select. The events sometimes lie over the interests, and the count
 * is sometimes not that of the list.
 */
export const interestCall: Kind = {
  plan: fc.record({
    list: fc.array(interest, { maxLength: 12 }),
    count: fc.option(fc.constantFrom(-1, 0, 1, 13, 2 ** 30, 2 ** 31, 0.5, Number.NaN), { freq: 4 }),
    view: viewPlan("Int32Array", [0]),
    events: fc.oneof(fc.constantFrom(-1, 0, 1, 4, 7), viewPlan("Int32Array", [0, 3, 36])),
    timeout: timeoutMs.plan,
  }),
  make(planned, world, guards) {
    const plan = planned as {
      list: { fd: number; bits: number }[];
      count: number | null;
      view: Parameters<typeof makeView>[0];
      events: number | Parameters<typeof makeView>[0];
      timeout: unknown;
    };
    const list = plan.list.flatMap(({ fd: pick, bits }, i) => [
      pick >= 0 && pick < 16 ? (world.fds[pick % world.fds.length] as number) : pick,
      bits,
      0x70000000 + i,
      -i,
    ]);
    const size = Math.max(list.length, 64);
    const guarded = new GuardedView({ ...plan.view, length: size }, (length) => {
      const all = new Int32Array(length * 2).fill(-1);
      all.set(list);
      return all;
    });
    guards.push(guarded);
    const interests = guarded.view;
    const count = plan.count ?? plan.list.length;
    const timeout = timeoutMs.make(plan.timeout, world, guards)[0];
    if (typeof plan.events === "number" && interests instanceof Int32Array && interests[0]) {
      const over = interests.subarray(Math.max(0, plan.events));
      return [interests, count, over, timeout];
    }
    const events = makeView(typeof plan.events === "number" ? plan.view : plan.events);
    guards.push(events);
    return [interests, count, events.view, timeout];
  },
};
