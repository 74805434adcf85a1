/** What a person is told when it did not work: one line, with the system's word for it behind. */
import { CONNECT_TIMEOUT_MS, SystemError } from "socket-reactor";
import { UsageError } from "../usage-error.js";
import { nameOfTarget, type Target } from "./target.js";

export interface Doing {
  readonly target: Target;
  /** The same word of the system means another thing then. */
  readonly listen: boolean;
  readonly timeoutMs?: number | undefined;
}

/** @returns a UsageError, or `error` itself: a bug, which keeps its stack. */
export function explain(error: unknown, doing: Doing): unknown {
  if (!(error instanceof Error) || error instanceof UsageError || !("code" in error)) return error;
  const code = String(error.code);
  const { target, listen, timeoutMs = CONNECT_TIMEOUT_MS } = doing;
  const seconds = timeoutMs / 1000;
  if (code === "ERR_STREAM_TIMEOUT") {
    return new UsageError(`nothing came or went for ${seconds} s`);
  }
  if (code === "ERR_CONNECT_TIMEOUT") {
    return new UsageError(`no connection to ${nameOfTarget(target)} within ${seconds} s`);
  }
  const reasons = listen ? listenReasons(target) : connectReasons(target);
  if (Object.hasOwn(reasons, code)) return new UsageError(`${reasons[code]} (${code})`);
  if ("syscall" in error && error.syscall === "getaddrinfo") {
    const name = "host" in target ? target.host : "";
    return new UsageError(`"${name}" is neither an address nor a known name (${code})`);
  }
  if (code === "ERR_OUT_OF_RANGE" && "path" in target) {
    return new UsageError(`PATH is longer than that of a unix socket may be: ${target.path}`);
  }
  // The library's own about an address, and the system's that are so rare that its words must do.
  const isKnown = error instanceof SystemError || code === "ERR_INVALID_ADDRESS";
  return isKnown ? new UsageError(error.message) : error;
}

const BROKEN = {
  ECONNRESET: "the peer reset the connection",
  EPIPE: "the peer takes nothing any more, and not everything was sent",
  ETIMEDOUT: "the peer does not answer",
} as const;

function connectReasons(target: Target): Record<string, string> {
  const name = nameOfTarget(target);
  return {
    ...BROKEN,
    ECONNREFUSED: `nobody listens at ${name}`,
    ENOENT: `no such socket: ${name}`,
    EACCES: `no permission for ${name}`,
    EPROTOTYPE: `${name} is no stream socket`,
    ETIMEDOUT: `${name} does not answer`,
    ENETUNREACH: `no network leads to ${name}`,
    EHOSTUNREACH: `no way leads to ${name}`,
  };
}

function listenReasons(target: Target): Record<string, string> {
  if ("path" in target) {
    const name = nameOfTarget(target);
    return {
      ...BROKEN,
      EADDRINUSE: `${name} exists; if nobody listens there any more, remove it`,
      ENOENT: `no folder for ${name}`,
      EACCES: `no permission for ${name}`,
    };
  }
  const { host, port } = target;
  return {
    ...BROKEN,
    EADDRINUSE: `port ${port} on ${host} is taken; try another, or 0 for a free one`,
    EACCES: `no permission to listen on port ${port}; ports below 1024 may need root`,
    EADDRNOTAVAIL: `${host} is not an address of this machine`,
  };
}
