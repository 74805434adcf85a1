/**
 * One connection to Redis, from its opening to its loss, with the stock client. A lost one is not
 * mended but replaced: who waits, how long, and what is said meanwhile is backplane.ts's affair, so
 * the client's own reconnecting and its queue for that time are switched off.
 *
 * One connection both subscribes and publishes, which RESP3 allows (Redis 6 and newer). So what we
 * publish comes back to us in its order, and one proof of life is enough for both ways.
 */
import { codeOf, messageOf } from "../../errors.js";
import { UsageError } from "../../usage-error.js";
import type { Link, LinkHandler, OpenLink } from "./link.js";

/** A Redis that takes connections and says nothing is no Redis. */
export const LINK_OPEN_MS = 5000;
/** What the last messages have at most, when the server ends. */
export const LINK_CLOSE_MS = 500;
/**
 * Published and not answered, in UTF-16 units. A Redis that falls behind so far, or stands still,
 * is lost, rather than that our memory becomes its queue. It holds no more for a subscriber itself
 * (client-output-buffer-limit pubsub 32mb), and a snapshot of a full server fits in.
 */
export const LINK_UNANSWERED_MAX: number = 32 * 1024 * 1024;
/** Published first, and heard by nobody: whether we may, for a right to listen is another one. */
const PROBE = "";

type RedisModule = typeof import("redis");

export interface RedisLinkOptions {
  readonly url: string;
  readonly channel: string;
  readonly openMs?: number | undefined;
  readonly unansweredMax?: number | undefined;
}

/** @throws UsageError where the package is not installed. */
export async function loadRedis(
  load: () => Promise<RedisModule> = () => import("redis"),
): Promise<RedisModule> {
  try {
    return await load();
  } catch (error) {
    const isMissing = codeOf(error) === "ERR_MODULE_NOT_FOUND";
    if (!isMissing || !messageOf(error).includes("'redis'")) throw error;
    throw new UsageError("--backplane needs the package redis: npm install redis");
  }
}

/**
 * @param url redis:// or rediss:// with host, port, user and password, or unix:///path
 * @returns it without user and password, for people.
 * @throws UsageError for what is no such URL.
 */
export function describeUrl(redis: RedisModule, url: string): string {
  try {
    const { socket } = redis.RedisClient.parseURL(url);
    if ("path" in socket) return `unix://${socket.path}`;
    const { tls, host, port = 6379 } = socket as { tls: boolean; host: string; port?: number };
    if (host === "") throw new TypeError("no host");
    return `${tls ? "rediss" : "redis"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  } catch {
    // The URL is not repeated: it may have a password.
    throw new UsageError("--backplane must be redis://HOST:PORT, rediss://… or unix:///PATH");
  }
}

export function redisLinks(redis: RedisModule, options: RedisLinkOptions): OpenLink {
  return async (handler, signal) => {
    const link = new RedisLink(redis, options, handler);
    await link.open(options.openMs ?? LINK_OPEN_MS, signal);
    return link;
  };
}

class RedisLink implements Link {
  readonly #client: ReturnType<typeof createClient>;
  /** Ends the socket even while it connects, when `destroy` of the client does not know it yet. */
  readonly #socketEnd = new AbortController();
  readonly #channel: string;
  readonly #handler: LinkHandler;
  readonly #unansweredMax: number;
  #unanswered = 0;
  #isOpen = false;
  #isOver = false;
  #refusal: ((reason: Error) => void) | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(redis: RedisModule, options: RedisLinkOptions, handler: LinkHandler) {
    this.#client = createClient(redis, options, this.#socketEnd.signal);
    this.#channel = options.channel;
    this.#unansweredMax = options.unansweredMax ?? LINK_UNANSWERED_MAX;
    this.#handler = handler;
    // Without a listener an "error" would be thrown. "terminated" is beside it and later.
    this.#client.on("error", (error: unknown) => this.#lose(error));
  }

  async open(openMs: number, signal: AbortSignal): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const refused = new Promise<never>((_, reject) => {
      this.#refusal = reject;
      timer = setTimeout(() => reject(new Error(`no answer within ${openMs} ms`)), openMs);
    });
    const abort = (): void => this.#refusal?.(new Error("the server is ending"));
    signal.addEventListener("abort", abort);
    try {
      await Promise.race([this.#subscribe(), refused]);
      this.#isOpen = true;
    } catch (error) {
      this.destroy();
      throw new Error(reasonOf(error));
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      this.#refusal = undefined;
    }
  }

  async #subscribe(): Promise<void> {
    await this.#client.connect();
    await this.#client.subscribe(this.#channel, (text) => {
      if (!this.#isOver && text !== PROBE) this.#handler.onMessage(text);
    });
    await this.#client.publish(this.#channel, PROBE);
  }

  publish(text: string): void {
    if (this.#isOver) return;
    this.#unanswered += text.length;
    if (this.#unanswered > this.#unansweredMax) {
      // Later: who publishes is in the middle of something.
      setImmediate(() => this.#lose(new Error("Redis does not keep up with what is said")));
      return;
    }
    const answered = (): void => {
      this.#unanswered -= text.length;
    };
    this.#last = this.#client
      .publish(this.#channel, text)
      .then(answered, (error) => this.#lose(error));
  }

  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, LINK_CLOSE_MS);
    });
    await Promise.race([this.#last, late]);
    clearTimeout(timer);
    this.destroy();
  }

  destroy(): void {
    this.#isOver = true;
    try {
      this.#client.destroy();
    } catch {
      // Clients before 6.3 throw where the connection has ended by itself. It is gone, then.
    }
    this.#socketEnd.abort();
  }

  #lose(error: unknown): void {
    if (this.#isOver) return;
    if (!this.#isOpen) {
      this.#refusal?.(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.destroy();
    this.#handler.onLost(reasonOf(error));
  }
}

function createClient(
  redis: RedisModule,
  { url, openMs = LINK_OPEN_MS }: RedisLinkOptions,
  signal: AbortSignal,
) {
  return redis.createClient({
    url,
    RESP: 3,
    socket: { reconnectStrategy: false, connectTimeout: openMs, signal },
    disableOfflineQueue: true,
    // Both are commands of newer versions, which an older Redis answers with an error.
    disableClientInfo: true,
    maintNotifications: "disabled",
  });
}

/** The innermost: a refusal of several addresses has an empty message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return messageOf(error) || codeOf(error) || "unknown reason";
}
