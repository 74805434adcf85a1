/** What curl makes of the demo. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { serve, TEXT } from "./demo-server.js";
import { named, runTool, type ToolResult, whyMissing } from "./outside-tool.js";

const missing = whyMissing("curl", "--version", "curl");

/** A server, curl for its paths, and a place for what comes. */
function curlOf(files: Readonly<Record<string, string | Uint8Array>> = {}) {
  const served = serve(files, { beatMs: 20, paceMs: 5 });
  const curl = (path: string, ...args: string[]): Promise<ToolResult> => {
    const url = `http://127.0.0.1:${served.port}${path}`;
    return runTool("curl", ["-sS", "--max-time", "10", "--path-as-is", ...args, url]);
  };
  return { ...served, curl, out: join(served.folder.path, "../out") };
}

describe.skipIf(missing)(named("curl", missing), () => {
  test("gets a file, and its head alone", async () => {
    const { curl } = curlOf();
    expect(await curl("/a.txt")).toEqual({ status: 0, stdout: TEXT, stderr: "" });
    const { status, stdout } = await curl("/a.txt", "-I");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(stdout).toMatch(/\r\nContent-Length: 1000\r\n/i);
  });

  test("gets a range, and several", async () => {
    const { curl } = curlOf();
    expect((await curl("/a.txt", "-r", "0-8")).stdout).toBe(TEXT.slice(0, 9));
    expect((await curl("/a.txt", "-r", "-10")).stdout).toBe(TEXT.slice(-10));
    const several = await curl("/a.txt", "-r", "0-3,996-");
    expect(several.stdout.match(/Content-Range: bytes [\d-]+\/1000/g)).toHaveLength(2);
    expect((await curl("/a.txt", "-r", "5000-", "-f")).status).toBe(22); // 416
  });

  test("resumes a file where it stopped", async () => {
    const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, n) => (n * 7919) >> 5));
    const { curl, out } = curlOf({ "long.bin": bytes });
    writeFileSync(out, bytes.subarray(0, 123_456));
    expect(await curl("/long.bin", "-C", "-", "-o", out)).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(out).equals(bytes)).toBe(true);
  });

  test("asks whether the file has changed, by its tag and by its time", async () => {
    const { curl, out } = curlOf();
    const tag = `${out}.etag`;
    await curl("/a.txt", "-o", out, "--etag-save", tag);
    expect(readFileSync(out, "utf8")).toBe(TEXT);
    const code = ["-w", "%{http_code}", "-o", `${out}.2`];
    expect((await curl("/a.txt", "--etag-compare", tag, ...code)).stdout).toBe("304");
    const date = "Sun, 06 Nov 1994 08:49:37 GMT";
    expect((await curl("/a.txt", "-z", date, ...code)).stdout).toBe("304");
    expect(existsSync(`${out}.2`) ? readFileSync(`${out}.2`, "utf8") : "").toBe("");
  });

  test("speaks HTTP/1.0", async () => {
    const { curl } = curlOf();
    const { status, stdout } = await curl("/a.txt", "--http1.0", "-i");
    expect(status).toBe(0);
    expect(stdout.endsWith(`\r\n\r\n${TEXT}`)).toBe(true);
    expect(stdout).not.toMatch(/transfer-encoding/i);
  });

  test("gets a file packed, and unpacks it", async () => {
    const { curl } = curlOf({
      "page.html": "<p>".repeat(500),
      "page.html.gz": gzipSync("<p>".repeat(500)),
    });
    const { stdout } = await curl("/page.html", "--compressed", "-w", "%{size_download}");
    expect(stdout.slice(0, 1500)).toBe("<p>".repeat(500));
    expect(Number(stdout.slice(1500))).toBeLessThan(500);
  });

  const json = ["-H", "Content-Type: application/json"];

  test("posts JSON at once, and in chunks", async () => {
    const { curl } = curlOf();
    const whole = await curl("/api/echo", ...json, "-d", '{"a":1}');
    expect(JSON.parse(whole.stdout)).toMatchObject({ body: { a: 1 }, bodyBytes: 7 });
    const chunked = ["-H", "Transfer-Encoding: chunked", "--data-binary", "[1,2]"];
    expect(JSON.parse((await curl("/api/echo", ...json, ...chunked)).stdout)).toMatchObject({
      ...{ body: [1, 2], bodyBytes: 5 },
      headers: expect.arrayContaining(["Transfer-Encoding: chunked"]),
    });
  });

  test("waits for 100 Continue, and gets it before it sends", async () => {
    const { curl } = curlOf();
    // The time is what curl waits without an answer; longer than it may take in all.
    const expecting = ["-H", "Expect: 100-continue", "--expect100-timeout", "60"];
    const { status, stdout, stderr } = await curl(
      "/api/echo",
      ...json,
      ...expecting,
      "-v",
      "-d",
      "{}",
    );
    expect(status).toBe(0);
    expect(stderr).toContain("< HTTP/1.1 100 Continue");
    expect(JSON.parse(stdout)).toMatchObject({ bodyBytes: 2 });
  });

  test("reads why its body was refused before it had sent it", async () => {
    const { curl, out } = curlOf();
    writeFileSync(out, `"${"x".repeat(5 << 20)}"`);
    const body = ["--data-binary", `@${out}`, "-w", "%{http_code}"];
    expect((await curl("/api/echo", ...json, ...body)).stdout).toMatch(/413$/);
  });

  test("reads /slow to its end, with the trailer", async () => {
    const { curl } = curlOf();
    const { stdout } = await curl("/slow", "--raw");
    expect(stdout).toMatch(/\r\n0\r\nContent-Digest: sha-256=:[^\r]+:\r\n\r\n$/);
  });

  test("sees events, one after the other", async () => {
    const { curl } = curlOf();
    const { stdout } = await curl("/events", "-N", "--max-time", "1");
    expect(stdout).toMatch(/id: 1\nevent: stats\ndata: \{.*\}\n\nid: 2\n/);
  });

  test("cannot leave the root", async () => {
    const { curl } = curlOf();
    for (const path of ["/../beside/secret.txt", "/%2e%2e/beside/secret.txt"]) {
      expect((await curl(path, "-w", "%{http_code}", "-o", "/dev/null")).stdout).toBe("404");
    }
  });

  test("gets two files over one connection", async () => {
    const { curl, port } = curlOf();
    const again = `http://127.0.0.1:${port}/a.txt`;
    const { stdout } = await curl("/a.txt", "-w", "|%{num_connects}|", again);
    expect(stdout).toBe(`${TEXT}|1|${TEXT}|0|`);
  });
});
