export * from "./buffered-stream.js";
export * from "./byte-queue.js";
export type { SendFileOptions } from "./file-parts.js";
export * from "./socket-stream.js";
export * from "./stream-handler.js";
export * from "./stream-options.js";
