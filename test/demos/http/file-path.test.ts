import { describe, expect, test } from "vitest";
import { folderUrl, parseFilePath } from "../../../src/demos/http/file-path.js";
import { Refusal } from "../../../src/demos/http/refusal.js";

function statusOf(path: string): number {
  try {
    parseFilePath(path);
  } catch (error) {
    if (error instanceof Refusal) return error.status;
    throw error;
  }
  return 200;
}

describe("the path of a URL", () => {
  test.each<[string, string[], boolean]>([
    ["/", [], true],
    ["/a", ["a"], false],
    ["/a/", ["a"], true],
    ["/a/b.txt", ["a", "b.txt"], false],
    ["/a%20b", ["a b"], false],
    ["/%C3%A9", ["é"], false],
    ["/%e2%82%ac/x", ["€", "x"], false],
    ["/a%3Fb%23c", ["a?b#c"], false],
    ["/100%25", ["100%"], false],
    ["/%252e%252e/x", ["%2e%2e", "x"], false], // decoded once: a name, no way up
    ["/a..b/c.", ["a..b", "c."], false],
    ["/C:", ["C:"], false],
    ["/~root", ["~root"], false],
  ])("%s: %j", (path, names, isFolder) => {
    expect(parseFilePath(path)).toEqual({ names, isFolder });
  });

  test.each([
    "/..",
    "/../",
    "/../etc/passwd",
    "/a/../../etc/passwd",
    "/a/..",
    "/.",
    "/./a",
    "/%2e%2e/etc/passwd",
    "/%2E%2E/etc/passwd",
    "/.%2e/etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/a%2f..%2f..%2fetc",
    "/%2fetc/passwd",
    "/a%2fb",
    "/..%5c..%5cboot.ini",
    "/a%5cb",
    "/.env",
    "/a/.git/config",
    "/%2eenv",
    "//",
    "//etc/passwd",
    "//evil.example/",
    "///",
    "/a//b",
    "/a//",
  ])("404: %s", (path) => {
    expect(statusOf(path)).toBe(404);
  });

  test.each([
    "/%",
    "/%2",
    "/%zz",
    "/a%g0",
    "/%00",
    "/a%00.html",
    "/%ff",
    "/%c0%ae%c0%ae/",
    "/%ed%a0%80",
  ])("400: %s", (path) => {
    expect(statusOf(path)).toBe(400);
  });

  test.each(["", "a", "*", "http://x/"])("400 without a slash in front: %j", (path) => {
    expect(statusOf(path)).toBe(400);
  });

  test("is written again so that it names no host", () => {
    expect(folderUrl(parseFilePath("/a%20b/c%3f").names)).toBe("/a%20b/c%3F/");
    expect(folderUrl([])).toBe("/");
  });
});
