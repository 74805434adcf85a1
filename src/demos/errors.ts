/** What is said of an error of any kind: of the system's, of the library's, of nobody's. Pure. */

/** EADDRINUSE, ERR_OUT_OF_RANGE and their like; "" where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Its code, which can be looked up; without one what it says. */
export function reasonOf(error: unknown): string {
  return codeOf(error) || messageOf(error);
}

/** Why a stream is over. @param error of the stream; undefined: it ended in order. */
export function endReason(error: Error | undefined): string {
  return error === undefined ? "end of stream" : reasonOf(error);
}
