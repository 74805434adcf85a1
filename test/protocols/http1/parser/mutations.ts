/** Messages as real programs send them, and a way to spoil them. */

function text(...lines: string[]): string {
  return `${lines.join("\r\n")}\r\n\r\n`;
}

const WRK = text("GET / HTTP/1.1", "Host: localhost:8080");
const CURL = text(
  "GET /a/b?c=d HTTP/1.1",
  "Host: example.org",
  "User-Agent: curl/8.5.0",
  "Accept: */*",
);
const CHROMIUM = text(
  "GET /assets/images/item-12345.jpg?width=640&height=480 HTTP/1.1",
  "Host: www.example.com",
  "Connection: keep-alive",
  'sec-ch-ua: "Chromium";v="124", "Not-A.Brand";v="99"',
  "sec-ch-ua-mobile: ?0",
  'sec-ch-ua-platform: "Linux"',
  "Upgrade-Insecure-Requests: 1",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
  "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-User: ?1",
  "Sec-Fetch-Dest: document",
  "Referer: https://www.example.com/catalogue/index.html",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-US,en;q=0.9,de;q=0.8",
  "Cookie: session=abcdefghijklmnopqrstuvwxyz012345; theme=dark",
  "Cache-Control: max-age=0",
  "DNT: 1",
  'If-None-Match: "5f3c-61a"',
);
const POST = `${text("POST /form HTTP/1.1", "Host: a", "Content-Length: 11", "Expect: 100-continue")}hello=world`;
const CHUNKED = `${text("PUT /up HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Trailer: Sum")}5;x=y\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n`;
const TRAILED = `${CHUNKED}Sum: 1\r\n\r\n`;
const OLD = text("GET /old HTTP/1.0", "Connection: keep-alive");
const UPGRADE = text("GET /chat HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket");

export const REQUESTS: readonly string[] = [
  WRK,
  CURL,
  CHROMIUM,
  POST,
  `${CHUNKED}\r\n`,
  TRAILED,
  OLD,
  UPGRADE,
  WRK.repeat(3),
  POST + TRAILED + CURL,
  text("OPTIONS * HTTP/1.1", "Host: a"),
  text("GET http://b/x HTTP/1.1", "Host: a"),
  text("DELETE /x HTTP/1.1", "Host: a", "Connection: close"),
];

const SMALL = `${text("HTTP/1.1 200 OK", "Content-Length: 2", "Content-Type: text/plain")}ok`;

export const RESPONSES: readonly string[] = [
  SMALL,
  SMALL.repeat(2),
  `${text("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}3\r\nabc\r\n0\r\n\r\n`,
  `${text("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}3;a=b\r\nabc\r\n0\r\nSum: 1\r\n\r\n${SMALL}`,
  text("HTTP/1.1 204 No Content", "Date: Tue, 15 Nov 1994 08:12:31 GMT"),
  `${text("HTTP/1.1 304 Not Modified", 'ETag: "x"', "Content-Length: 9")}${SMALL}`,
  `${text("HTTP/1.0 200 OK", "Server: x")}until the end`,
  `${text("HTTP/1.1 100 Continue")}${text("HTTP/1.1 103 Early Hints", "Link: </a>")}${SMALL}`,
  `${text("HTTP/1.1 404 Not Found", "Connection: close", "Content-Length: 3")}abc`,
  `${text("HTTP/1.0 200 OK", "Connection: keep-alive", "Content-Length: 1")}x${SMALL}`,
];

/** What smuggles, breaks and confuses. */
const WORDS: readonly string[] = [
  "\r\n",
  "\n",
  "\r",
  "\r\n\r\n",
  " ",
  "\t",
  "\0",
  "\x7f",
  "\x80",
  "\xff",
  "\v",
  ":",
  ",",
  ";",
  "#",
  "\\",
  "?",
  "*",
  "/",
  "@",
  "0",
  "1",
  "a",
  "+",
  "-",
  '"',
  "=",
  "%",
  "chunked",
  "gzip",
  "close",
  "keep-alive",
  "Host: b\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 0\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close\r\n",
  "Connection: upgrade\r\n",
  "X: y\r\n",
  " folded\r\n",
  "Expect: x\r\n",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "GET ",
  "CONNECT a:1 ",
  "0\r\n\r\n",
  "5\r\nhello\r\n",
  ";a=b",
  ';a="b"',
  "ffffffffffffffff",
  "100",
  "204",
];

/** Numbers below a limit, the same for the same seed. */
export function randomFrom(seed: number): (limit: number) => number {
  let state = seed | 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** One of the messages with up to three faults, perhaps with none. */
export function mutated(corpus: readonly string[], random: (limit: number) => number): string {
  let message = corpus[random(corpus.length)]!;
  for (let faults = random(4); faults > 0; faults -= 1) message = spoil(message, corpus, random);
  return message;
}

function spoil(
  message: string,
  corpus: readonly string[],
  random: (limit: number) => number,
): string {
  const at = random(message.length + 1);
  const end = Math.min(message.length, at + 1 + random(random(4) === 0 ? 40 : 3));
  const before = message.slice(0, at);
  switch (random(7)) {
    case 0:
      return before + message.slice(end);
    case 1:
      return before + String.fromCharCode(random(256)) + message.slice(at + 1);
    case 2:
      return before + message.slice(at, end) + message.slice(at);
    case 3:
      return before;
    case 4: {
      const other = corpus[random(corpus.length)]!;
      return before + other.slice(random(other.length));
    }
    case 5:
      return (
        atLine(message, at) +
        WORDS[random(WORDS.length)]! +
        message.slice(atLine(message, at).length)
      );
    default:
      return before + WORDS[random(WORDS.length)]! + message.slice(random(2) === 0 ? at : end);
  }
}

/** Up to the start of the line that `at` is in. */
function atLine(message: string, at: number): string {
  return message.slice(0, message.lastIndexOf("\n", at) + 1);
}
