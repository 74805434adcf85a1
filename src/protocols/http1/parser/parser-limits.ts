/**
 * How much of a message the parsers accept. What is larger is refused as soon as it is known to be,
 * before more of it is buffered.
 */

/** The longest request target, in bytes. RFC 9112 §3 wants 8000 for the whole line at least. */
export const TARGET_BYTES_MAX: number = 8 * 1024;

/**
 * The largest head, from the first byte of its start line to the empty line, in bytes; each of
 * these may be held for every connection. Browsers send about 1 KiB, and cookies may be 4 KiB each.
 */
export const HEAD_BYTES_MAX: number = 16 * 1024;

/** The most fields of a head: each look-up of a name passes all of them. Browsers send about 20. */
export const FIELDS_MAX = 100;

/** The largest body of a request, in bytes. Uploads need more, and say so. */
export const BODY_BYTES_MAX: number = 1024 * 1024;

/**
 * The most bytes of chunk extensions in one body. Nobody reads them, and they do not count as body,
 * so a peer could send them for ever.
 */
export const CHUNK_EXTENSION_BYTES_MAX: number = 4 * 1024;

/** What a parser accepts. Infinity: no limit. */
export interface ParserLimits {
  /** Longer: 414. @defaultValue TARGET_BYTES_MAX */
  readonly targetBytesMax?: number | undefined;
  /** Of a head, and of the trailers. Larger: 431. @defaultValue HEAD_BYTES_MAX */
  readonly headBytesMax?: number | undefined;
  /** Of a head, and of the trailers. More: 431. @defaultValue FIELDS_MAX */
  readonly fieldsMax?: number | undefined;
  /** Larger: 413. @defaultValue BODY_BYTES_MAX for requests, Infinity for responses */
  readonly bodyBytesMax?: number | undefined;
  /** More: 400. @defaultValue CHUNK_EXTENSION_BYTES_MAX */
  readonly chunkExtensionBytesMax?: number | undefined;
}
