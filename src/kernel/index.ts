export * from "./constants.js";
export * from "./errno.js";
export * from "./errors.js";
export * from "./fd.js";
export * from "./host-loop.js";
export * from "./kernel.js";
export * from "./poll-once.js";
export * from "./system-kernel.js";
