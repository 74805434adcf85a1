/** Whether a connection that is to be used again is fit for it: a look that costs one recv(2). */
import { WOULD_BLOCK } from "../../../kernel/index.js";
import type { SocketStream } from "../../../streams/index.js";

const PEEKED: Buffer = Buffer.alloc(1);

/**
 * False if the peer has ended, or has sent what nobody asked for and what would pass for the answer
 * to the next request. The reactor would tell in its next turn, when that request has gone.
 */
export function isQuiet(stream: SocketStream): boolean {
  if (stream.isDestroyed || !stream.input.isEmpty) return false;
  const { kernel } = stream.reactor;
  return kernel.recv(stream.fd, PEEKED, 0, 1, kernel.constants.MSG_PEEK) === WOULD_BLOCK;
}
