export { LineError, type LineErrorCode } from "./line-error.js";
export type { LineHandler, LineStreamOptions } from "./line-handler.js";
export { BAD_LINE_LINGER_MS, LineStream } from "./line-stream.js";
export { encodeLine } from "./line-text.js";
export * from "./parser/line-parser.js";
