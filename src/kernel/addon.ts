/**
 * Loads the addon: a build in a checkout (build/Release), else the prebuilt binary for this
 * system, else an error that says what was tried and how to get one.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { misuse } from "./errors.js";
import type { Kernel } from "./kernel.js";
import type { HostLoopCalls } from "./system-host-loop.js";

/** The system calls, and what native/host_loop.cc does in Node's own loop. */
export interface Addon extends Kernel {
  readonly hostLoop: HostLoopCalls;
}

const SUPPORTED = ["linux", "darwin", "freebsd", "netbsd", "openbsd"];
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The addon's exports. */
export function loadAddon(): Addon {
  if (!SUPPORTED.includes(process.platform)) throw unsupported();
  const require = createRequire(import.meta.url);
  const load = require("node-gyp-build") as (directory: string) => Addon;
  try {
    return load(root);
  } catch (cause) {
    throw notFound(cause);
  }
}

function unsupported(): Error {
  return misuse(
    Error,
    "ERR_UNSUPPORTED_PLATFORM",
    `socket-reactor does not support ${process.platform}: it needs epoll or kqueue (Linux, macOS, FreeBSD, NetBSD, OpenBSD)`,
  );
}

function notFound(cause: unknown): Error {
  const target = `${process.platform}-${process.arch}`;
  const override = process.env["SOCKET_REACTOR_PREBUILD"];
  const tried = [
    ...(override === undefined ? [] : [`${override} (SOCKET_REACTOR_PREBUILD)`]),
    `${join(root, "build", "Release")} (built in a checkout)`,
    `${join(root, "prebuilds", target)} (prebuilt)`,
  ];
  const isCheckout = existsSync(join(root, ".git"));
  const remedy = isCheckout
    ? "run `npm run build` with python3, make and a C++20 compiler on the PATH"
    : "install a version of socket-reactor that has a prebuilt binary for this system, or build one with python3, make and a C++20 compiler: " +
      "`npm install --no-save node-gyp@12 node-addon-api@8 && node node_modules/socket-reactor/scripts/build-addon.mjs`";
  const error = misuse(
    Error,
    "ERR_ADDON_NOT_FOUND",
    `No socket-reactor addon could be loaded for ${target}, Node ${process.versions.node}\n` +
      tried.map((place) => `  tried ${place}\n`).join("") +
      `  loader: ${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)}\n` +
      `  remedy: ${remedy}`,
  );
  error.cause = cause;
  return error;
}
