/** Files over real sockets: names, conditions and ranges as a client meets them. */
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { formatHttpDate } from "../../../src/demos/http/http-date.js";
import { askRaw, begin, serve, TEXT } from "./demo-server.js";
import { MODIFIED, SECRET } from "./served-folder.js";

const MODIFIED_DATE = formatHttpDate(MODIFIED);

describe("checklist 30: names", () => {
  test("nothing outside the root is ever sent, and what is no path is refused", async () => {
    const { folder, get } = serve({ ".env": SECRET, "sub/.git/config": SECRET });
    folder.link("outside", "../beside");
    folder.link("secret.txt", "../beside/secret.txt");
    folder.link("hidden", ".env");
    const up = ["..", "%2e%2e", "%2E.", ".%2e", "..%2f", "..%5c", "%252e%252e", "..%00", "..;"];
    const paths = up.flatMap((dots) => [
      `/${dots}/beside/secret.txt`,
      `/sub/${dots}/${dots}/beside/secret.txt`,
    ]);
    paths.push("/..%2fbeside%2fsecret.txt", "/%2e%2e%2fbeside%2fsecret.txt", "/..\\beside");
    paths.push(join(folder.path, "../beside/secret.txt"), `/${join(folder.path, "a.txt")}`);
    paths.push("//etc/passwd", "/%2fetc/passwd", "/etc/passwd", "///etc/passwd");
    paths.push("/outside/secret.txt", "/outside/", "/secret.txt", "/hidden");
    paths.push("/.env", "/%2eenv", "/sub/.git/config", "/.", "/./.env", "/sub/./.git/config");
    for (const path of paths) {
      const { status, text } = await get(path);
      expect([400, 404], path).toContain(status);
      expect(text, path).not.toContain(SECRET);
      expect(text, path).not.toContain("root:");
    }
  });

  test("an escape that is none is 400, and so is NUL", async () => {
    const { get } = serve();
    for (const path of ["/%", "/a%2", "/%zz", "/a.txt%00", "/%00", "/%ff"]) {
      expect(await get(path), path).toMatchObject({ status: 400 });
    }
  });

  test("a name is decoded once, and may have anything else in it", async () => {
    const { get } = serve({ "a b?#%.txt": "yes", "é/€.txt": "yes", "%2e%2e": "yes" });
    for (const path of ["/a%20b%3F%23%25.txt", "/%c3%A9/%e2%82%ac.txt", "/%252e%252e"]) {
      expect(await get(path), path).toMatchObject({ status: 200, text: "yes" });
    }
    expect(await get("/a.txt?x=../../y")).toMatchObject({ status: 200, text: TEXT });
  });
});

describe("checklist 31: what a client has", () => {
  test("a file comes with a strong tag, its date, and leave to keep it", async () => {
    const { get } = serve();
    const { status, headers, text } = await get("/a.txt");
    expect({ status, text }).toEqual({ status: 200, text: TEXT });
    expect(headers).toMatchObject({
      etag: expect.stringMatching(/^"[^"]+"$/),
      "last-modified": MODIFIED_DATE,
      "cache-control": "no-cache",
      "accept-ranges": "bytes",
      "content-length": "1000",
      vary: "Accept-Encoding",
      date: expect.stringMatching(/ GMT$/),
    });
  });

  test("304 has no body, and the tag, the date and Cache-Control of a 200", async () => {
    const { get } = serve();
    const { headers } = await get("/a.txt");
    const etag = String(headers.etag);
    for (const condition of [
      { "If-None-Match": etag },
      { "If-None-Match": `W/${etag}` },
      { "If-None-Match": `"x", ${etag}` },
      { "If-None-Match": "*" },
      { "If-Modified-Since": MODIFIED_DATE },
      { "If-Modified-Since": formatHttpDate(MODIFIED + 10) },
      { "If-None-Match": etag, "If-Modified-Since": formatHttpDate(MODIFIED - 10) },
      { "If-None-Match": etag, Range: "bytes=0-8" },
    ]) {
      const reply = await get("/a.txt", condition);
      expect(reply, JSON.stringify(condition)).toMatchObject({ status: 304, text: "" });
      expect(reply.headers).toMatchObject({
        ...{ etag, "cache-control": "no-cache", vary: "Accept-Encoding" },
        date: expect.any(String),
      });
      expect(reply.headers).not.toHaveProperty("content-type");
      expect(reply.headers).not.toHaveProperty("transfer-encoding");
    }
  });

  test.each([
    { "If-None-Match": '"x"' },
    { "If-None-Match": '"x"', "If-Modified-Since": MODIFIED_DATE },
    { "If-Modified-Since": formatHttpDate(MODIFIED - 1) },
    { "If-Modified-Since": "yesterday" },
  ])("200 for %j", async (headers) => {
    const { get } = serve();
    expect(await get("/a.txt", headers)).toMatchObject({ status: 200, text: TEXT });
  });

  test("a 304 is followed by the next answer on the same connection", async () => {
    const { port } = serve();
    const get = (more: string) => `GET /a.txt HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
    const text = await askRaw(port, get("If-None-Match: *\r\n") + get("Connection: close\r\n"));
    expect(text).toMatch(/^HTTP\/1\.1 304 [\s\S]*?\r\n\r\nHTTP\/1\.1 200 [\s\S]*\r\n\r\n0000/);
  });
});

describe("checklist 32: what a client insists on", () => {
  test("412 if the file is another one, 200 if it is that one", async () => {
    const { get } = serve();
    const etag = String((await get("/a.txt")).headers.etag);
    const before = formatHttpDate(MODIFIED - 1);
    for (const [status, condition] of [
      [200, { "If-Match": etag }],
      [200, { "If-Match": "*" }],
      [200, { "If-Match": etag, "If-Unmodified-Since": before }],
      [200, { "If-Unmodified-Since": MODIFIED_DATE }],
      [200, { "If-Unmodified-Since": "soon" }],
      [412, { "If-Match": '"x"' }],
      [412, { "If-Match": `W/${etag}` }],
      [412, { "If-Match": '"x"', "If-None-Match": etag }],
      [412, { "If-Unmodified-Since": before }],
    ] as const) {
      expect((await get("/a.txt", condition)).status, JSON.stringify(condition)).toBe(status);
    }
  });

  test("what is not there is 404, whatever the condition", async () => {
    const { get } = serve();
    for (const condition of [
      { "If-Match": "*" },
      { "If-None-Match": "*" },
      { Range: "bytes=9-" },
    ]) {
      expect(await get("/none", condition)).toMatchObject({ status: 404 });
    }
  });
});

describe("checklist 33: ranges", () => {
  test.each([
    ["bytes=0-8", "bytes 0-8/1000", TEXT.slice(0, 9)],
    ["bytes=-10", "bytes 990-999/1000", TEXT.slice(990)],
    ["bytes=990-", "bytes 990-999/1000", TEXT.slice(990)],
    ["bytes=990-5000", "bytes 990-999/1000", TEXT.slice(990)],
    ["bytes=-5000", "bytes 0-999/1000", TEXT],
    ["bytes=10-12,5000-", "bytes 10-12/1000", TEXT.slice(10, 13)],
  ])("%s is 206 with exactly these bytes", async (range, contentRange, text) => {
    const { get } = serve();
    const reply = await get("/a.txt", { Range: range });
    expect({ status: reply.status, text: reply.text }).toEqual({ status: 206, text });
    expect(reply.headers).toMatchObject({
      "content-range": contentRange,
      "content-length": String(text.length),
      "content-type": "text/plain; charset=utf-8",
      etag: expect.any(String),
    });
  });

  test.each(["bytes=1000-", "bytes=-0", "bytes=8-0", "bytes=x", "bytes=5000-,6000-"])(
    "%s is 416, with the size",
    async (range) => {
      const { get } = serve();
      const { status, headers } = await get("/a.txt", { Range: range });
      expect(status).toBe(416);
      expect(headers).toMatchObject({ "content-range": "bytes */1000" });
    },
  );

  test.each([
    "lines=0-8",
    "bytes=0-,0-",
    `bytes=${Array.from({ length: 17 }, (_, n) => `${n}-${n}`).join()}`,
  ])("%s is ignored", async (range) => {
    const { get } = serve();
    const reply = await get("/a.txt", { Range: range });
    expect(reply).toMatchObject({ status: 200, text: TEXT });
    expect(reply.headers).not.toHaveProperty("content-range");
  });

  test("several ranges come as multipart/byteranges, as long as it was said", async () => {
    const { get } = serve();
    const reply = await get("/a.txt", { Range: "bytes=0-3,500-503,-4" });
    expect(reply.status).toBe(206);
    const type = String(reply.headers["content-type"]);
    const [, boundary] = /^multipart\/byteranges; boundary=([\w-]+)$/.exec(type) ?? [];
    const part = (range: string, text: string) =>
      `\r\n--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Range: bytes ${range}/1000\r\n\r\n${text}`;
    expect(reply.text).toBe(
      `${part("0-3", "0000") + part("500-503", "0125") + part("996-999", "0249")}\r\n--${boundary}--\r\n`,
    );
    expect(reply.headers["content-length"]).toBe(String(reply.body.length));
    expect(reply.headers).not.toHaveProperty("content-range");
  });

  test("several long ranges come whole to a client that reads slowly", async () => {
    const bytes = Buffer.alloc(24 << 20, "0123456789abcdef!");
    const { port } = serve({ "long.bin": bytes });
    const message = await begin(port, "/long.bin", {
      headers: { Range: "bytes=0-9999999,10000001-" },
    });
    const body = await buffer(message);
    expect(String(body.length)).toBe(message.headers["content-length"]);
    const first = body.indexOf("\r\n\r\n") + 4;
    const second = body.indexOf("\r\n\r\n", first + 10_000_000) + 4;
    for (const [at, part] of [
      [first, bytes.subarray(0, 10_000_000)],
      [second, bytes.subarray(10_000_001)],
    ] as const) {
      expect(body.subarray(at, at + part.length).equals(part)).toBe(true);
    }
  });

  test("HEAD knows no ranges", async () => {
    const { get } = serve();
    const { status, headers, text } = await get("/a.txt", { Range: "bytes=0-8" }, "HEAD");
    expect({ status, text, length: headers["content-length"] }).toEqual({
      ...{ status: 200, text: "", length: "1000" },
    });
  });

  test("of an empty file there is none", async () => {
    const { get } = serve({ "empty.txt": "" });
    expect(await get("/empty.txt")).toMatchObject({ status: 200, text: "" });
    expect(await get("/empty.txt", { Range: "bytes=-1" })).toMatchObject({ status: 200, text: "" });
    const { status, headers } = await get("/empty.txt", { Range: "bytes=0-" });
    expect([status, headers["content-range"]]).toEqual([416, "bytes */0"]);
  });
});

describe("checklist 34: If-Range", () => {
  test("206 with the tag or the date we sent, 200 with any other", async () => {
    const { get } = serve();
    const etag = String((await get("/a.txt")).headers.etag);
    for (const [status, validator] of [
      [206, etag],
      [206, MODIFIED_DATE],
      [200, `W/${etag}`],
      [200, '"x"'],
      [200, formatHttpDate(MODIFIED + 1)],
      [200, formatHttpDate(MODIFIED - 1)],
      [200, "soon"],
    ] as const) {
      const reply = await get("/a.txt", { Range: "bytes=0-8", "If-Range": validator });
      expect(reply.status, validator).toBe(status);
      expect(reply.text, validator).toBe(status === 206 ? TEXT.slice(0, 9) : TEXT);
    }
    const stale = { Range: "bytes=5000-", "If-Range": '"x"' };
    expect(await get("/a.txt", stale)).toMatchObject({ status: 200, text: TEXT });
  });
});
