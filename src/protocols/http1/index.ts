export * from "./client/index.js";
export * from "./parser/index.js";
