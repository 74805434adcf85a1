/** What a server counts. */

/** Which deadline was over. */
export type HttpTimeout = "head" | "body" | "idle" | "write" | "request" | "linger";

/** Which limit was met. */
export type HttpLimit = "pipelined" | "held" | "unreadBody" | "linger" | "connections";

/** Counters since the server was made. */
export interface HttpServerStats {
  /** Connections accepted. */
  readonly connections: number;
  /** Connections open at this moment, without those that were upgraded. */
  readonly activeConnections: number;
  /** Request heads that a handler was called for, or that were refused with an answer. */
  readonly requests: number;
  /** Requests at this moment whose answer has not ended. */
  readonly activeRequests: number;
  /** Answers that ended. */
  readonly responses: number;
  /** Connections handed over by `response.upgrade`. */
  readonly upgrades: number;
  /** Requests whose connection went before the answer was complete. */
  readonly aborted: number;
  /** Answers of 400 and above by their status, those of handlers as well. */
  readonly errors: Readonly<Record<number, number>>;
  /** Handlers that threw or rejected. */
  readonly handlerErrors: number;
  readonly timeouts: Readonly<Record<HttpTimeout, number>>;
  readonly limits: Readonly<Record<HttpLimit, number>>;
  /** Of connections that are over, and of the others so far. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

export class Counters {
  connections = 0;
  activeConnections = 0;
  requests = 0;
  activeRequests = 0;
  responses = 0;
  upgrades = 0;
  aborted = 0;
  handlerErrors = 0;
  bytesRead = 0;
  bytesWritten = 0;
  readonly timeouts: Record<HttpTimeout, number> = {
    head: 0,
    body: 0,
    idle: 0,
    write: 0,
    request: 0,
    linger: 0,
  };
  readonly limits: Record<HttpLimit, number> = {
    pipelined: 0,
    held: 0,
    unreadBody: 0,
    linger: 0,
    connections: 0,
  };
  readonly errors: Record<number, number> = {};

  countError(status: number): void {
    this.errors[status] = (this.errors[status] ?? 0) + 1;
  }

  /** @param open bytes of the connections that are open. */
  snapshot(open: { bytesRead: number; bytesWritten: number }): HttpServerStats {
    return {
      ...this,
      timeouts: { ...this.timeouts },
      limits: { ...this.limits },
      errors: { ...this.errors },
      bytesRead: this.bytesRead + open.bytesRead,
      bytesWritten: this.bytesWritten + open.bytesWritten,
    };
  }
}
