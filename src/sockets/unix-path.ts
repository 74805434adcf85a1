/**
 * Unix paths and abstract names as strings, and back to the very same bytes: UTF-8, and for bytes
 * that are none the lone surrogates U+DC80 to U+DCFF, as Python does it (PEP 383).
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The string of a name's bytes. */
export function decodePath(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeEscaped(bytes);
  }
}

function decodeEscaped(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    text +=
      length === 0
        ? String.fromCharCode(0xdc00 + bytes[at]!)
        : strict.decode(bytes.subarray(at, at + length));
    at += Math.max(1, length);
  }
  return text;
}

/** The length of the UTF-8 sequence at `at`, 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      strict.decode(bytes.subarray(at, at + length));
      return length;
    } catch {
      // Not a whole character yet, or never one.
    }
  }
  return 0;
}

/** The bytes of a name's string. */
export function encodePath(path: string): Uint8Array {
  if (!/[\udc80-\udcff]/u.test(path)) return Buffer.from(path);
  const parts = [...path].map((character) => {
    const code = character.charCodeAt(0);
    const isEscaped = character.length === 1 && code >= 0xdc80 && code <= 0xdcff;
    return isEscaped ? Uint8Array.of(code - 0xdc00) : Buffer.from(character);
  });
  return Buffer.concat(parts);
}
