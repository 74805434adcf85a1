/**
 * A request of this server as a web `Request`. Its body is read from the peer when it is asked for,
 * chunk by chunk, and not before: so "100 Continue" is sent when somebody wants the body.
 */
import type { HttpRequest } from "./request.js";

/** Methods that a `Request` refuses to have. https://fetch.spec.whatwg.org/#forbidden-method */
const FORBIDDEN: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Nothing is read ahead of whoever reads the body. */
const ON_DEMAND = { highWaterMark: 0 } as const;

/** @returns the request, or the status to answer with because there can be none. */
export function webRequestOf(request: HttpRequest): Request | number {
  const { method } = request;
  if (FORBIDDEN.has(method.toUpperCase())) return 501;
  if (request.path === "*") return 204;
  const url = urlOf(request);
  if (url === undefined) return 400;
  const { hasBody } = request.headers;
  // A body of GET or HEAD means nothing, and a Request refuses it. RFC 9110 §9.3.1
  const init: RequestInit =
    !hasBody || method === "GET" || method === "HEAD"
      ? { method }
      : { method, body: bodyOf(request), duplex: "half" };
  const webRequest = new ServedRequest(request, url, init);
  // Fields that it is given it would copy.
  for (const [name, value] of request.headers) webRequest.headers.append(name, value);
  return webRequest;
}

/**
 * Its signal is made when it is asked for. A Request that is given one ties it to one of its own,
 * which takes longer than all the rest, and most handlers never look.
 *
 * `fetch(url, request)` and `new Request(url, request)` ask for it; `fetch(request)` does not.
 */
class ServedRequest extends Request {
  readonly #served: HttpRequest;

  constructor(served: HttpRequest, url: string, init: RequestInit) {
    super(url, init);
    this.#served = served;
  }

  static {
    // Not as members of the class: Node's types have them as properties of each Request.
    Object.defineProperties(ServedRequest.prototype, {
      signal: {
        get(this: ServedRequest): AbortSignal {
          return this.#served.signal;
        },
      },
      clone: {
        value(this: ServedRequest): Request {
          return new Request(Request.prototype.clone.call(this), { signal: this.signal });
        },
      },
    });
  }
}

/** Undefined: the host is none that a URL can have ("1.2.3.4.5"). */
function urlOf(request: HttpRequest): string | undefined {
  // HTTP/1.0 need not say it.
  const host = request.host === "" ? "localhost" : request.host;
  const query = request.query === "" ? "" : `?${request.query}`;
  const url = `http://${host}${request.path}${query}`;
  return URL.canParse(url) ? url : undefined;
}

function bodyOf(request: HttpRequest): ReadableStream<Uint8Array> {
  let iterator: AsyncIterator<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        iterator ??= request.body[Symbol.asyncIterator]();
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        if (iterator === undefined) request.dropBody();
        else await iterator.return?.();
      },
    },
    ON_DEMAND,
  );
}
