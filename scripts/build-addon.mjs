// Builds the C++ addon with node-gyp: incrementally, or from nothing with --force. Other options
// (--sr_sanitize=1, --sr_kqueue_include=DIR) go through to node-gyp.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const passedOn = process.argv.slice(2).filter((argument) => argument !== "--force");
const fromNothing = passedOn.length !== process.argv.length - 2 || !existsSync(join(root, "build"));

const [command, ...args] = nodeGyp();
const build = spawnSync(
  command,
  [...args, fromNothing ? "rebuild" : "build", ...headers(), "--loglevel=warn", ...passedOn],
  { cwd: root, stdio: "inherit", env: { ...process.env, JOBS: process.env.JOBS ?? "max" } },
);
if (build.status !== 0) {
  explainFailure();
  process.exit(1);
}

/** The node-gyp to run: this checkout's own, npm's copy, or the one on PATH. */
function nodeGyp() {
  try {
    const require = createRequire(join(root, "package.json"));
    return [process.execPath, require.resolve("node-gyp/bin/node-gyp.js")];
  } catch {
    const bundled = process.env.npm_config_node_gyp;
    return bundled ? [process.execPath, bundled] : ["node-gyp"];
  }
}

/** Headers that came with this Node, so that nothing is downloaded. */
function headers() {
  const prefix = process.env.npm_config_nodedir ?? join(dirname(process.execPath), "..");
  const found = existsSync(join(prefix, "include", "node", "node_api.h"));
  return found ? [`--nodedir=${prefix}`] : [];
}

function explainFailure() {
  const tools = [["python3"], ["make", "gmake"], ["c++", "g++", "clang++"]];
  const missing = tools.filter((names) => !names.some(isOnPath)).map((names) => names[0]);
  console.error("\nsocket-reactor: the C++ addon could not be built.");
  if (missing.length > 0) console.error(`  Not found on PATH: ${missing.join(", ")}`);
  console.error("  It needs a C++20 compiler, make and python3:");
  console.error("    Debian, Ubuntu: apt-get install -y python3 make g++");
  console.error("    Fedora:         dnf install -y python3 make gcc-c++");
  console.error("    Alpine:         apk add python3 make g++");
  console.error("    macOS:          xcode-select --install");
  console.error("  Then run this command again.\n");
}

function isOnPath(name) {
  return spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0;
}
