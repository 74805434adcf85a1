export * from "./byte-queue.js";
