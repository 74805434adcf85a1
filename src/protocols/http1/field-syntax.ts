/**
 * What a field that is sent may be made of, for client and server: neither a name nor a value can
 * end a field or a head early. Their errors differ; what is allowed does not.
 */

/** RFC 9110 §5.6.2 */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** HTAB, SP, visible ASCII, obs-text. RFC 9110 §5.5 */
const VALUE = /^[\t -~\x80-\xff]*$/;

/** What frames the message, means the connection, or must be known before the body. RFC 9110 §6.5.1 */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set(
  (
    "transfer-encoding upgrade expect keep-alive proxy-connection trailer http2-settings te " +
    "host content-length content-encoding content-type content-range connection authorization " +
    "cache-control max-forwards range proxy-authorization cookie set-cookie age date expires " +
    "location retry-after vary warning pragma if-match if-none-match if-range " +
    "if-modified-since if-unmodified-since www-authenticate proxy-authenticate"
  ).split(" "),
);

/** Whether it can be a method, a protocol, or the name of a field. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether it can be a value: Latin-1 without control characters, as CR, LF and NUL are. */
export function isFieldValue(text: string): boolean {
  return VALUE.test(text);
}

/** @param name a token, in lower case. */
export function mayBeTrailer(name: string): boolean {
  return !NOT_IN_TRAILERS.has(name);
}
