/** Moving bytes and changing sockets by descriptor number, for tests below the Socket class. */
import { systemKernel } from "../../src/index.js";

const scratch = new Uint8Array(64 * 1024);

/** Sends `text`; a short count is an error, because tests send little. */
export function send(fd: number, text = "x"): void {
  const bytes = Buffer.from(text);
  const count = systemKernel.write(fd, bytes, 0, bytes.length);
  if (count !== bytes.length) throw new Error(`write answered ${count} of ${bytes.length} bytes`);
}

/** Reads at most `limit` bytes; undefined when there is nothing yet, "" at end of stream. */
export function read(fd: number, limit = scratch.length): string | undefined {
  const count = systemKernel.read(fd, scratch, 0, limit);
  return count < 0 ? undefined : Buffer.from(scratch.subarray(0, count)).toString();
}

/** Writes until the kernel takes no more. */
export function fill(fd: number): void {
  while (systemKernel.write(fd, scratch, 0, scratch.length) > 0);
  // A page of room may be left that only a small write finds.
  while (systemKernel.write(fd, scratch, 0, 1) > 0);
}

/** Sends FIN; reading goes on. */
export function shutdownWrite(fd: number): void {
  systemKernel.shutdown(fd, systemKernel.constants.SHUT_WR);
}

/** The pending error, taken away by reading it. SO_ERROR, as a positive errno. */
export function takeError(fd: number): number {
  const { SOL_SOCKET, SO_ERROR } = systemKernel.constants;
  const out = new Int32Array(1);
  systemKernel.getsockopt_int(fd, SOL_SOCKET, SO_ERROR, out);
  return out[0] as number;
}

/** The next close sends a reset. SO_LINGER with a time of 0. */
export function resetOnClose(fd: number): void {
  const { SOL_SOCKET, SO_LINGER } = systemKernel.constants;
  systemKernel.setsockopt(fd, SOL_SOCKET, SO_LINGER, new Uint8Array(new Int32Array([1, 0]).buffer));
}
