/** Lines for protocols that end them with CR LF, typed at a terminal that ends them with LF. */

const CR = 13;
const LF = 10;

/**
 * Makes a function that puts a CR before each LF which has none, over chunks that may be cut
 * anywhere: a chunk's last byte is remembered.
 */
export function crlfTranslator(): (chunk: Buffer) => Buffer {
  let last = 0;
  return (chunk) => {
    const parts: Uint8Array[] = [];
    let start = 0;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
      if ((at === 0 ? last : chunk[at - 1]) === CR) continue;
      parts.push(chunk.subarray(start, at), Uint8Array.of(CR));
      start = at;
    }
    last = chunk.at(-1) ?? last;
    return parts.length === 0 ? chunk : Buffer.concat([...parts, chunk.subarray(start)]);
  };
}
