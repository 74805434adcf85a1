export * from "./kernel/index.js";
export * from "./selectors/index.js";
export * from "./sockets/index.js";
