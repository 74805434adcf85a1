// The contestants in C over an event library: compiled on the spot where the library's headers are
// installed, else reported with the package that brings them. Part of the list in contestants.mjs.
import { canCompile, compile, hasHeader } from "./build.mjs";

/** @type {readonly import("./contestants.mjs").Contestant[]} */
export const libraryContestants = [
  overLibrary("c-libuv", "libuv in C: one shared buffer, uv_try_write first", {
    header: "uv.h",
    library: "uv",
    package: "libuv1-dev",
  }),
  overLibrary("c-libevent", "libevent in C: plain events, level-triggered", {
    header: "event2/event.h",
    library: "event",
    package: "libevent-dev",
  }),
  overLibrary("c-bufferevent", "libevent in C: bufferevents", {
    header: "event2/bufferevent.h",
    library: "event",
    package: "libevent-dev",
  }),
];

/**
 * @typedef {object} Needed
 * @property {string} header
 * @property {string} library
 * @property {string} package of Debian
 *
 * @param {string} name
 * @param {string} label
 * @param {Needed} needed
 * @returns {import("./contestants.mjs").Contestant}
 */
function overLibrary(name, label, needed) {
  return {
    name,
    label,
    available: () => findHeader(needed),
    command: () => ({ file: compile(`servers/${name}.c`, [needed.library]), args: [] }),
  };
}

/** One question to the compiler is enough for a run. @type {Map<string, true | string>} */
const answers = new Map();

/**
 * @param {Needed} needed
 * @returns {true | string} or the reason why it cannot be compiled
 */
export function findHeader({ header, library, package: name }) {
  const possible = canCompile();
  if (possible !== true) return possible;
  const missing = `no <${header}> of lib${library}: install ${name} (Debian's name)`;
  if (!answers.has(header)) answers.set(header, hasHeader(header) || missing);
  return answers.get(header);
}
