// Who takes part in the echo bench. A new rival is one entry here, plus its server if it needs
// one: a program that prints "PORT <n>" once it listens on 127.0.0.1, echoes what it receives,
// and ends on SIGTERM or when its stdin closes.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { canCompile, compile } from "./build.mjs";
import { libraryContestants } from "./library-contestants.mjs";

/**
 * @typedef {object} Command
 * @property {string} file
 * @property {string[]} args
 *
 * @typedef {object} Contestant
 * @property {string} name how --contestants calls it
 * @property {string} label what it is, in a few words
 * @property {() => true | string} available or the reason why it cannot take part here
 * @property {(trial: { kind?: string }) => Command} command
 * @property {number} [connectionsMax] it sits out trials with more
 * @property {readonly string[]} [serves] the kinds of trials it takes part in; all if absent
 * @property {RegExp} [portPattern] finds the port in its output; "PORT <n>" if absent
 */

const NODE = process.execPath;
const library = path("../dist/index.js");
const demo = path("../dist/demos/cli.js");

/** select(2) refuses descriptors from 1,024 on; node itself holds some two dozen. */
const SELECT_CONNECTIONS_MAX = 900;

/** @type {readonly Contestant[]} the first one is the reference of the ratio column */
export const echoContestants = [
  {
    name: "c-epoll",
    label: "raw epoll in C, the limit",
    available: canCompile,
    command: () => ({ file: compile("servers/c-epoll.c"), args: [] }),
  },
  ...libraryContestants,
  selectorFloor("epoll"),
  {
    ...selectorFloor("epoll", "selector-single.mjs"),
    name: "selector-epoll-single",
    label: "this library's selectors over epoll, blocking, each message by itself",
  },
  selectorFloor("poll"),
  { ...selectorFloor("select"), connectionsMax: SELECT_CONNECTIONS_MAX },
  ownServer(
    "reactor",
    "this library's reactor floor, attached, with StreamBatch",
    "reactor-floor.mjs",
  ),
  ownServer("stream", "this library's streams, attached, a handler object", "stream-handler.mjs"),
  ownServer(
    "stream-iteration",
    "this library's streams, attached, async iteration",
    "stream-iteration.mjs",
  ),
  {
    name: "demo",
    label: "this project's echo demo, attached to Node's loop",
    available: () => isBuilt(demo),
    command: () => ({ file: NODE, args: [demo, "echo", "--port", "0"] }),
    portPattern: /127\.0\.0\.1:(\d+)/,
  },
  {
    name: "python-selectors",
    label: "Python's selectors module",
    available: () => (python() === undefined ? "python3 is not in the PATH" : true),
    command: () => ({ file: python(), args: [path("servers/python-selectors.py")] }),
  },
  {
    name: "node-net",
    label: "node:net",
    available: () => true,
    command: () => ({ file: NODE, args: [path("servers/node-net.mjs")] }),
  },
];

/** @param {string} backend @param {string} [server] @returns {Contestant} */
function selectorFloor(backend, server = "selector-floor.mjs") {
  return {
    name: `selector-${backend}`,
    label: `this library's selectors over ${backend}, blocking, with StreamBatch`,
    available: () => isBuilt(library),
    command: () => ({
      file: NODE,
      args: [path(`servers/${server}`), "--backend", backend],
    }),
  };
}

/** @param {string} name @param {string} label @param {string} server @returns {Contestant} */
function ownServer(name, label, server) {
  return {
    name,
    label,
    available: () => isBuilt(library),
    command: () => ({ file: NODE, args: [path(`servers/${server}`)] }),
  };
}

/** @param {string} file @returns {true | string} */
function isBuilt(file) {
  return existsSync(file) || "the project is not built: run npm run build";
}

/** The interpreter itself, because a version manager's wrapper would be measured along. */
function python() {
  const print = ["-c", "import sys; print(sys.executable)"];
  const { status, stdout } = spawnSync("python3", print, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** @param {string} relative to bench/ @returns {string} */
function path(relative) {
  return fileURLToPath(new URL(relative, import.meta.url));
}
