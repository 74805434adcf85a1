// The package as a user gets it: packs it with a prebuilt binary for this machine, installs the
// tarball into an empty project with npm's scripts switched off, and sends a message through it.
// Works on a copy of the checkout, because prebuildify moves the addon out of build/.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "socket-reactor-package-"));
const copy = join(work, "checkout");
const project = join(work, "project");
const left = new Set([
  "node_modules",
  "build",
  "build-asan",
  "build-cmake",
  "build-kqueue",
  ".git",
  "prebuilds",
]);

try {
  if (!existsSync(join(root, "dist"))) throw new Error("dist/ is missing: npm run build");
  cpSync(root, copy, { recursive: true, filter: (path) => !left.has(basename(path)) });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  run(copy, "npm", "run", "--silent", "build:prebuilds");
  run(copy, "npx", "publint", "--strict");
  run(copy, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", work);
  const tarball = join(work, readdirSync(work).find((name) => name.endsWith(".tgz")) ?? "");

  cpSync(join(root, "LICENSE"), join(project, "LICENSE")); // makes the folder
  writeFileSync(join(project, "package.json"), '{ "name": "empty", "private": true }');
  run(project, "npm", "install", "--silent", "--ignore-scripts", tarball);
  writeFileSync(join(project, "index.mjs"), PROGRAM());
  const out = run(project, process.execPath, "index.mjs");
  if (out !== "hello through a prebuilt addon\n") throw new Error(`Unexpected output: ${out}`);
  const help = run(project, "npx", "--no-install", "socket-reactor", "--help");
  if (!help.startsWith("Usage: socket-reactor")) throw new Error(`Unexpected help: ${help}`);
  rmSync(join(project, "node_modules/socket-reactor/prebuilds"), { recursive: true });
  checkLoadError();
  console.log(
    "Package: the tarball installs without scripts, loads, runs, and explains a missing addon",
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}

function PROGRAM() {
  return `
import { Socket } from "socket-reactor";
import { DefaultSelector, EVENT_READ } from "socket-reactor/selectors";
const [a, b] = Socket.pair();
const selector = new DefaultSelector();
selector.register(a, EVENT_READ);
b.send(Buffer.from("hello through a prebuilt addon"));
const [{ key }] = selector.select();
const buffer = Buffer.alloc(64);
console.log(buffer.toString("utf8", 0, key.fileobj.recv(buffer)));
for (const open of [selector, a, b]) open.close();
`;
}

/** Without any binary the error must list what was tried and the remedy. */
function checkLoadError() {
  try {
    run(project, process.execPath, "index.mjs");
  } catch (error) {
    for (const wanted of [
      "ERR_ADDON_NOT_FOUND",
      "tried",
      "prebuilds",
      "remedy",
      "build-addon.mjs",
    ]) {
      if (!String(error.stderr).includes(wanted)) throw error;
    }
    return;
  }
  throw new Error("It loaded although no addon is there");
}

function run(cwd, command, ...args) {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
