// Measures one case of the micro bench in a process of its own, so that no case meets code that
// another one has warmed or spoiled.
//
//   node micro.mjs '{"name":"nowMs","warmupSeconds":0.2,"seconds":0.5}'
//
// Prints {"figures": {...}} or {"leftOut": reason} as JSON.
import { microCases } from "../micro-cases.mjs";
import { sample, toFigures } from "../sampling.mjs";

const { name, ...lengths } = JSON.parse(process.argv[2]);
const opened = await microCases.find((one) => one.name === name).open();

function measure({ repeat, divisor = 1 }) {
  return { figures: toFigures(sample(repeat, lengths).map((ns) => ns / divisor)) };
}

console.log(JSON.stringify("leftOut" in opened ? opened : measure(opened)));
