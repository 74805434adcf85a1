// Servers end when stdin closes, so that none outlives a benchmark that was killed: for those over
// Node's own streams. stdin.mjs is for ours.

export function endWithInput() {
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("error", () => process.exit(0));
  process.stdin.resume();
}
