/** The errors that all faces of a stream share. */
import { misuse } from "../kernel/index.js";
import type { StreamTimeout } from "./stream-handler.js";

/** For what is asked of a stream that is over, and for what it leaves undone. */
export function destroyedError(): Error {
  return misuse(Error, "ERR_STREAM_DESTROYED", "The stream is destroyed");
}

/** What a stream is destroyed with when a deadline is over and nobody handles it. */
export function timeoutError(which: StreamTimeout): Error {
  return misuse(Error, "ERR_STREAM_TIMEOUT", `The ${which} deadline of the stream is over`);
}
