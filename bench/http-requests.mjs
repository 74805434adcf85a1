// What the http bench asks, and the micro bench parses: GET requests without a body.

/** Of 40 bytes with the path "/": what load generators send. */
function minimal(path) {
  return `GET ${path} HTTP/1.1\r\nHost: localhost:8080\r\n\r\n`;
}

/** Of 20 fields and some 970 bytes: what a browser sends. */
function browser(path) {
  const fields = [
    "Host: www.example.com",
    "Connection: keep-alive",
    'sec-ch-ua: "Chromium";v="136", "Not.A/Brand";v="99"',
    "sec-ch-ua-mobile: ?0",
    'sec-ch-ua-platform: "Linux"',
    "Upgrade-Insecure-Requests: 1",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-User: ?1",
    "Sec-Fetch-Dest: document",
    "Referer: https://www.example.com/articles/2025/11/index.html",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
    "Cookie: session=7f3b2a9c5d1e48f6a0b4c8d2e6f1a3b5; theme=dark; consent=necessary; visitor=GA1.2.1903847261.1761990000; cart=c29tZSBvcGFxdWUgdmFsdWUgb2YgYSBzaG9w; seen=1-17-23-42-58-61-70",
    'If-None-Match: "5f2-61a8c3d4e5f60"',
    "If-Modified-Since: Sat, 01 Nov 2025 10:00:00 GMT",
    "Cache-Control: max-age=0",
    "DNT: 1",
  ];
  return `GET ${path} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`;
}

export const httpRequests = { minimal, browser };
