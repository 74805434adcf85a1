// Who takes part in the http bench. A new rival is one entry here, plus its server: a program that
// prints "PORT <n>" once it listens on 127.0.0.1, and ends on SIGTERM or when its stdin closes. It
// answers "/" with 13 bytes of text, or serves the files of the folder it is given.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { canCompile, compile } from "./build.mjs";
import { httpFolder } from "./http-folder.mjs";
import { findHeader } from "./library-contestants.mjs";
import { findRival, rivals } from "./runtimes.mjs";

const NODE = process.execPath;
const GREETING = ["greeting"];
const FILES = ["files"];
const ALL = [...GREETING, ...FILES];
const EVHTTP = { header: "event2/http.h", library: "event", package: "libevent-dev" };

const http1 = path("../dist/protocols/http1/index.js");
const demo = path("../dist/demos/http/command.js");

/** @type {readonly import("./contestants.mjs").Contestant[]} the first one is the limit */
export const httpContestants = [
  {
    name: "c-canned",
    label: "raw epoll in C, counts the ends of requests and checks nothing, the limit",
    serves: GREETING,
    available: canCompile,
    command: () => ({ file: compile("servers/c-canned.c"), args: [] }),
  },
  {
    name: "c-evhttp",
    label: "libevent's evhttp in C; files by evbuffer_add_file",
    serves: ALL,
    available: () => findHeader(EVHTTP),
    command: (trial) => {
      return { file: compile("servers/c-evhttp.c", [EVHTTP.library]), args: files(trial) };
    },
  },
  {
    name: "nginx",
    label: "nginx, one process; files by sendfile",
    serves: ALL,
    available: () => {
      const possible = canCompile(); // its launcher
      return possible === true ? isFound("nginx") : possible;
    },
    command: () => {
      const args = [findRival(rivals.nginx).path, httpFolder().nginx];
      return { file: compile("servers/nginx-launch.c"), args };
    },
  },
  own("http", "this library's HttpServer, a handler", GREETING, () => {
    return script("servers/http-hello.mjs");
  }),
  own("http-fetch", "this library's HttpServer through fetchHandler", GREETING, () => {
    return script("servers/http-fetch.mjs");
  }),
  own("http-files", "this library's HttpServer, sendFile", FILES, () => {
    return script("servers/http-files.mjs", httpFolder().files);
  }),
  {
    name: "http-demo",
    label: "this project's HTTP demo: also conditions, ranges, checked paths",
    serves: FILES,
    available: () => isBuilt(demo),
    command: () => {
      return script("../dist/demos/cli.js", "http", "--port", "0", "--root", httpFolder().files);
    },
    portPattern: /127\.0\.0\.1:(\d+)/,
  },
  {
    name: "node-http",
    label: "node:http; files by createReadStream and pipeline",
    serves: ALL,
    available: () => true,
    command: (trial) => script("servers/node-http.mjs", ...files(trial)),
  },
  {
    name: "fastify",
    label: "fastify, without a logger",
    serves: GREETING,
    available: () => existsSync(path("../node_modules/fastify")) || "run npm ci",
    command: () => script("servers/fastify.mjs"),
  },
  rival("bun", "Bun.serve", (file) => ({ file, args: [path("servers/bun-http.mjs")] })),
  rival("deno", "Deno.serve", (file) => {
    return { file, args: ["run", "--allow-net=127.0.0.1", path("servers/deno-http.mjs")] };
  }),
  rival("uws", "uWebSockets.js", (found) => script("servers/uws-http.mjs", found)),
];

/** The argument of a server that is to serve files. */
function files({ kind }) {
  return kind === "files" ? [httpFolder().files] : [];
}

function own(name, label, serves, command) {
  return { name, label, serves, available: () => isBuilt(http1), command };
}

function rival(name, label, command) {
  return {
    ...{ name, label, serves: GREETING, available: () => isFound(name) },
    command: () => command(findRival(rivals[name]).path),
  };
}

/** @returns {true | string} */
function isFound(name) {
  const found = findRival(rivals[name]);
  return "path" in found ? true : found.missing;
}

/** @returns {true | string} */
function isBuilt(file) {
  return existsSync(file) || "the project is not built: run npm run build";
}

function script(server, ...args) {
  return { file: NODE, args: [path(server), ...args] };
}

/** @param {string} relative to bench/ @returns {string} */
function path(relative) {
  return fileURLToPath(new URL(relative, import.meta.url));
}
