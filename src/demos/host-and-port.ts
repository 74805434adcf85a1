/** "[::1]:80" or "127.0.0.1:80" as nc and other programs take it: in two words, without brackets. */
export function hostAndPort(address: string): readonly [host: string, port: string] {
  const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  return [host, port];
}
