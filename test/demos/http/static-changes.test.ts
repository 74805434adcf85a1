/** Files over real sockets: what changes while it is sent, folders, methods and types. */
import { existsSync, readdirSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { READ_BYTES_MAX } from "../../../src/demos/http/file-response.js";
import { ask, begin, serve } from "./demo-server.js";

describe("checklist 35: files that change, folders, methods, types", () => {
  /** More than the kernel's buffers hold, and no disk is used for it. */
  const LONG = 64 << 20;

  function longFile() {
    const served = serve();
    const path = join(served.folder.path, "long.bin");
    writeFileSync(path, "");
    truncateSync(path, LONG);
    return { ...served, path };
  }

  test("a file that becomes shorter while it is sent ends the connection", async () => {
    const { port, path } = longFile();
    const message = await begin(port, "/long.bin");
    expect(message.headers["content-length"]).toBe(String(LONG));
    truncateSync(path, 1000);
    await expect(buffer(message)).rejects.toThrow("aborted");
    expect(message.complete).toBe(false);
  });

  test("and so it does among several ranges", async () => {
    const { port, path } = longFile();
    const message = await begin(port, "/long.bin", { headers: { Range: "bytes=0-9,10-66000000" } });
    expect(message.statusCode).toBe(206);
    truncateSync(path, 1000);
    await expect(buffer(message)).rejects.toThrow("aborted");
  });

  test("a file that becomes longer is sent as long as it was", async () => {
    const { port, path } = longFile();
    const message = await begin(port, "/long.bin");
    truncateSync(path, 2 * LONG);
    expect(await buffer(message)).toHaveLength(LONG);
  });

  test("a file that is replaced while it is sent comes whole, as it was", async () => {
    const { port, path } = longFile();
    const message = await begin(port, "/long.bin");
    writeFileSync(`${path}.new`, "new");
    renameSync(`${path}.new`, path);
    const body = await buffer(message);
    expect(body).toHaveLength(LONG);
    expect(body.includes("new")).toBe(false);
    expect(await ask(port, "/long.bin")).toMatchObject({ status: 200, text: "new" });
  });

  test("a client that goes in the middle leaves no file open", async (context) => {
    if (!existsSync("/proc/self/fd")) return context.skip("needs /proc/self/fd");
    const { port, stop } = longFile();
    const descriptors = readdirSync("/proc/self/fd").length;
    for (const range of ["bytes=0-", "bytes=0-9,10-66000000"]) {
      const message = await begin(port, "/long.bin", { headers: { Range: range } });
      expect(message.statusCode).toBe(206);
      message.destroy();
    }
    await stop();
    expect(readdirSync("/proc/self/fd").length).toBeLessThan(descriptors);
  });

  test("a folder is redirected to its slash, and there is its index.html", async () => {
    const { get } = serve({ "sub/index.html": "<p>index", "a b/index.html": "" });
    const { status, headers } = await get("/sub");
    expect([status, headers.location]).toEqual([301, "/sub/"]);
    expect((await get("/a%20b?x=1&y")).headers.location).toBe("/a%20b/?x=1&y");
    const index = await get("/sub/");
    expect(index).toMatchObject({ status: 200, text: "<p>index" });
    expect(index.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(await get("/a.txt/")).toMatchObject({ status: 404 });
  });

  test("no redirect leads to another host", async () => {
    const { get } = serve({ "sub/x": "", "evil.example/x": "" });
    for (const path of [
      "//evil.example",
      "//evil.example/..",
      "/%2fevil.example",
      "/%5cevil.example",
    ]) {
      const { status, headers } = await get(path);
      expect([status, headers.location], path).toEqual([404, undefined]);
    }
    expect((await get("/evil.example")).headers.location).toBe("/evil.example/");
    expect((await get("/sub?//evil.example")).headers.location).toBe("/sub/?//evil.example");
  });

  test("a folder without an index is shown if that was asked for, and only then", async () => {
    const closed = serve({ "sub/<b>.txt": "", "sub/.hidden": "" });
    expect(await closed.get("/sub/")).toMatchObject({ status: 404 });
    const open = serve({ "sub/<b>.txt": "", "sub/.hidden": "", "sub/deep/x": "" }, { list: true });
    const { status, text, headers } = await open.get("/sub/");
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": expect.stringContaining("default-src 'none'"),
    });
    expect(text).toContain("&#60;b&#62;.txt");
    expect(text).toContain('href="./%3Cb%3E.txt"');
    expect(text).toContain('href="./deep/"');
    expect(text).not.toContain("hidden");
    expect(await open.get("/none/")).toMatchObject({ status: 404 });
    expect(await open.get("/a.txt/")).toMatchObject({ status: 404 });
  });

  test("other methods are 405, and told which are allowed", async () => {
    const { get } = serve();
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const { status, headers } = await get("/a.txt", {}, method);
      expect(status, method).toBe(405);
      const allowed = String(headers.allow).split(", ");
      expect(allowed.sort()).toEqual(["GET", "HEAD", "OPTIONS"]);
    }
    const { status, headers } = await get("/a.txt", {}, "OPTIONS");
    expect([200, 204]).toContain(status);
    expect(headers.allow).toContain("HEAD");
  });

  test("the type is the name's, and no browser may guess another", async () => {
    const { get } = serve({ "x.html": "", "x.svg": "", x: "<script>" });
    for (const [path, type] of [
      ["/x.html", "text/html; charset=utf-8"],
      ["/x.svg", "image/svg+xml; charset=utf-8"],
      ["/x", "application/octet-stream"],
    ] as const) {
      expect((await get(path)).headers).toMatchObject({
        "content-type": type,
        "x-content-type-options": "nosniff",
      });
    }
  });

  test("HEAD says what GET would, without the body", async () => {
    const { get } = serve({ "long.bin": Buffer.alloc(READ_BYTES_MAX + 1) });
    for (const path of ["/a.txt", "/long.bin", "/sub", "/none", "/"]) {
      const [whole, head] = [await get(path), await get(path, {}, "HEAD")];
      expect({ ...head, text: "" }).toMatchObject({ status: whole.status, text: "" });
      expect(head.body).toHaveLength(0);
      const { date: _, ...headers } = whole.headers;
      expect(head.headers).toMatchObject(headers);
    }
  });

  test("of every size around the one from which on files are sent without reading", async () => {
    const sizes = [1, READ_BYTES_MAX - 1, READ_BYTES_MAX, READ_BYTES_MAX + 1, 300_000];
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 31) >> 3));
    const files = sizes.map((size): [string, Buffer] => [`${size}.bin`, bytes.subarray(0, size)]);
    const { get } = serve(Object.fromEntries(files));
    for (const size of sizes) {
      const { status, body } = await get(`/${size}.bin`);
      expect([status, body.equals(bytes.subarray(0, size))]).toEqual([200, true]);
    }
  });
});
