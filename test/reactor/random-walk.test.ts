/** Any order of starting, stopping, changing, calling by hand and closing, in turns and between. */
import { describe, test } from "vitest";
import { BACKENDS } from "./support.js";
import { Walk } from "./walk.js";

const STEPS = 400;
/** The last one is another each time; it stands in the name of the test. */
const SEEDS = [1, 2, 3, 5, 8, 13, 21, 34].map((n) => n * 0x9e3779b1).concat(Date.now() % 1e9);

describe.each(BACKENDS)("%s", (backend) => {
  test.each(SEEDS)("seed %s: every call is one that the model expects", (seed) => {
    const walk = new Walk(backend, seed);
    for (let i = 0; i < STEPS; i += 1) {
      walk.step();
      if (i % 5 === 0) walk.turn();
      else if (i % 7 === 0) walk.compare();
    }
    walk.turn();
  });
});
