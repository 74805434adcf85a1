/** Arrays of buffers for sendmsg, some of which spoil their own elements while they are read. */
import fc from "fast-check";
import { type Kind, makeView, mostly } from "./argument-kinds.js";
import { viewPlan } from "./hostile-views.js";

/** How an array of buffers spoils itself while it is read. */
const ARRAYS: Readonly<Record<string, (views: Uint8Array[]) => unknown>> = {
  "as it is": (views) => views,
  frozen: (views) => Object.freeze(views),
  "65 of them": () => new Array(65).fill(new Uint8Array(1)),
  "64 of them": () => new Array(64).fill(new Uint8Array(1)),
  "a hole": (views) => {
    const holed: unknown[] = [...views];
    holed.length += 1;
    return holed;
  },
  "an array-like object": (views) => ({ ...views, length: views.length }),
  "a Proxy": (views) => new Proxy(views, {}),
  "a Proxy as element": (views) => [new Proxy(views[0] ?? new Uint8Array(1), {})],
  "a string as element": (views) => [...views, "text"],
  "a DataView as element": (views) => [...views, new DataView(new ArrayBuffer(8))],
  "a getter that detaches": (views) => spoil(views, detach),
  "a getter that empties the array": (views) => spoil(views, () => truncate(views)),
  "a getter that grows the array": (views) =>
    spoil(views, () => void views.push(new Uint8Array(8))),
  "a getter that throws": (views) =>
    spoil(views, () => {
      throw new RangeError("From a getter", { cause: "getter" });
    }),
};

function truncate(views: Uint8Array[]): void {
  views.length = 1;
}

function detach({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) structuredClone(buffer, { transfer: [buffer] });
}

/** Makes the last element a getter that does something to the first. */
function spoil(views: Uint8Array[], how: (first: Uint8Array) => void): Uint8Array[] {
  const first = views[0] ?? new Uint8Array(4096);
  views.push(first);
  Object.defineProperty(views, views.length - 1, {
    configurable: true,
    get() {
      how(first);
      return new Uint8Array(4);
    },
  });
  return views;
}

export const buffers: Kind = mostly(
  fc.record({
    views: fc.array(viewPlan("Uint8Array", [0, 1, 64, 4096]), { maxLength: 5 }),
    how: fc.constantFrom(...Object.keys(ARRAYS)),
  }),
  ({ views, how }, _world, guards) => {
    const made = views.map((plan) => makeView(plan));
    if (!how.startsWith("a getter")) guards.push(...made);
    const array = made.map((guarded) => guarded.view as Uint8Array);
    return [(ARRAYS[how] as (views: Uint8Array[]) => unknown)(array)];
  },
);
