// Rivals that are neither here nor among the packages of this project: each is looked for where an
// environment variable says, then in node_modules (`npm install --no-save bun deno`).
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * @typedef {object} Rival
 * @property {string} variable of the environment
 * @property {string} what the variable is the path of
 * @property {string} installed where its package puts it, relative to node_modules
 */

/** @type {Readonly<Record<string, Rival>>} */
export const rivals = {
  bun: { variable: "BENCH_BUN", what: "Bun's executable", installed: "bun/bin/bun.exe" },
  deno: { variable: "BENCH_DENO", what: "Deno's executable", installed: "deno/deno" },
  uws: {
    ...{ variable: "BENCH_UWS", what: "the folder of uWebSockets.js" },
    installed: "uWebSockets.js",
  },
  nginx: { variable: "BENCH_NGINX", what: "nginx's executable", installed: "/usr/sbin/nginx" },
};

/**
 * @param {Rival} rival
 * @param {Readonly<Record<string, string | undefined>>} [environment]
 * @returns {{ path: string } | { missing: string }} missing: the reason why it cannot take part
 */
export function findRival({ variable, what, installed }, environment = process.env) {
  const named = environment[variable];
  if (named) return existsSync(named) ? { path: named } : { missing: `${variable}: no "${named}"` };
  const path = fileURLToPath(new URL(installed, new URL("../node_modules/", import.meta.url)));
  return existsSync(path) ? { path } : { missing: `install it, or set ${variable} to ${what}` };
}
