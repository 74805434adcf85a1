/**
 * The type of a file by its name. Sent with nosniff, so that it is the last word: what is not in
 * the table is bytes, which a browser saves and never runs.
 */

const TEXT: Readonly<Record<string, string>> = {
  css: "text/css",
  csv: "text/csv",
  htm: "text/html",
  html: "text/html",
  js: "text/javascript",
  json: "application/json",
  log: "text/plain",
  map: "application/json",
  md: "text/markdown",
  mjs: "text/javascript",
  svg: "image/svg+xml",
  ts: "text/plain",
  txt: "text/plain",
  webmanifest: "application/manifest+json",
  xml: "application/xml",
  yaml: "application/yaml",
  yml: "application/yaml",
};

const BINARY: Readonly<Record<string, string>> = {
  avif: "image/avif",
  gif: "image/gif",
  gz: "application/gzip",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  ogg: "audio/ogg",
  pdf: "application/pdf",
  png: "image/png",
  tar: "application/x-tar",
  ttf: "font/ttf",
  wasm: "application/wasm",
  wav: "audio/wav",
  webm: "video/webm",
  webp: "image/webp",
  woff: "font/woff",
  woff2: "font/woff2",
  zip: "application/zip",
};

export const UNKNOWN_TYPE = "application/octet-stream";

/** Files of text count as UTF-8. */
export function contentTypeOf(name: string): string {
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  if (Object.hasOwn(TEXT, ending)) return `${TEXT[ending]}; charset=utf-8`;
  return (Object.hasOwn(BINARY, ending) ? BINARY[ending] : undefined) ?? UNKNOWN_TYPE;
}
