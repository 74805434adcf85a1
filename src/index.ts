export * from "./kernel/index.js";
export * from "./reactor/index.js";
export * from "./selectors/index.js";
export * from "./sockets/index.js";
export * from "./streams/index.js";
