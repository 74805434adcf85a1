/** What a person is told when it did not work: one line, with the system's word for it behind. */
import { SystemError } from "socket-reactor";
import { UsageError } from "../usage-error.js";
import { nameOfTarget, type Target } from "./target.js";

/**
 * @param doing "connect" or "listen": the same word of the system means another thing then.
 * @returns a UsageError, or `error` itself: a bug, which keeps its stack.
 */
export function explain(error: unknown, target: Target, doing: "connect" | "listen"): unknown {
  if (!(error instanceof Error) || error instanceof UsageError || !("code" in error)) return error;
  const code = String(error.code);
  const reasons = { ...anyReasons(target), ...(doing === "listen" ? listenReasons(target) : {}) };
  if (Object.hasOwn(reasons, code)) return new UsageError(`${reasons[code]} (${code})`);
  if (isLookUp(error)) {
    const name = "host" in target ? target.host : "";
    return new UsageError(`"${name}" is neither an address nor a known name (${code})`);
  }
  const isKnown = error instanceof SystemError || MESSAGES.includes(code) || "syscall" in error;
  return isKnown ? new UsageError(error.message) : error;
}

/** The library's own, which say it all. */
const MESSAGES = ["ERR_INVALID_ADDRESS", "ERR_CONNECT_TIMEOUT", "ERR_OUT_OF_RANGE"];

function anyReasons(target: Target): Record<string, string> {
  const name = nameOfTarget(target);
  return {
    ECONNREFUSED: `nobody listens at ${name}`,
    ENOENT: "path" in target ? `no such socket: ${name}` : `no such file`,
    EACCES: `no permission for ${name}`,
    EPROTOTYPE: `${name} is no stream socket`,
    ETIMEDOUT: `${name} does not answer`,
    ENETUNREACH: `no network leads to ${name}`,
    EHOSTUNREACH: `no way leads to ${name}`,
    ECONNRESET: `${name} reset the connection`,
    EPIPE: `${name} takes nothing any more, and not everything was sent`,
  };
}

function listenReasons(target: Target): Record<string, string> {
  if ("path" in target) {
    const name = nameOfTarget(target);
    return {
      EADDRINUSE: `${name} exists; if nobody listens there any more, remove it`,
      ENOENT: `no folder for ${name}`,
    };
  }
  const { host, port } = target;
  return {
    EADDRINUSE: `port ${port} on ${host} is taken; try another, or 0 for a free one`,
    EACCES: `no permission to listen on port ${port}; ports below 1024 may need root`,
    EADDRNOTAVAIL: `${host} is not an address of this machine`,
  };
}

function isLookUp(error: Error): boolean {
  return "syscall" in error && error.syscall === "getaddrinfo";
}
