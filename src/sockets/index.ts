export * from "./address.js";
export * from "./option.js";
export * from "./socket.js";
export * from "./tcp-options.js";
