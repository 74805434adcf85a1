import { describe, expect, test } from "vitest";
import { preferredEncodings } from "../../../src/demos/http/accept-encoding.js";
import { contentTypeOf } from "../../../src/demos/http/content-type.js";

describe("Accept-Encoding", () => {
  test.each<[string | undefined, string[]]>([
    [undefined, []],
    ["", []],
    ["gzip", ["gzip"]],
    ["GZip", ["gzip"]],
    ["x-gzip", ["gzip"]],
    ["gzip, deflate, br, zstd", ["br", "gzip"]],
    ["gzip;q=1.0, br;q=0.5", ["gzip", "br"]],
    ["gzip;q=0.001, br ; q=0.002", ["br", "gzip"]],
    ["gzip;q=0", []],
    ["gzip;q=0.000, br", ["br"]],
    ["*", ["br", "gzip"]],
    ["*, br;q=0", ["gzip"]],
    ["*;q=0", []],
    ["*;q=0, gzip", ["gzip"]],
    ["identity", []],
    ["identity, gzip;q=0.5", []],
    ["identity;q=0.5, gzip;q=0.5", ["gzip"]],
    ["identity;q=0.2, gzip;q=0.5, br;q=0.1", ["gzip"]],
    ["identity;q=0, gzip", ["gzip"]],
    ["gzip;q=2", []],
    ["gzip;q=x", []],
    ["gzip;q=0.1234", []],
    ["gzip;level=9", []],
    [",, gzip ,", ["gzip"]],
    ["deflate", []],
  ])("%j: %j", (accepted, expected) => {
    expect(preferredEncodings(accepted, ["br", "gzip"])).toEqual(expected);
  });

  test("only what is offered is preferred", () => {
    expect(preferredEncodings("br, gzip", ["gzip"])).toEqual(["gzip"]);
    expect(preferredEncodings("*", [])).toEqual([]);
  });
});

describe("the type of a file", () => {
  test.each([
    ["index.html", "text/html; charset=utf-8"],
    ["INDEX.HTML", "text/html; charset=utf-8"],
    ["a.b.css", "text/css; charset=utf-8"],
    ["photo.jpeg", "image/jpeg"],
    ["page.html.gz", "application/gzip"],
    ["LICENSE", "application/octet-stream"],
    ["html", "application/octet-stream"],
    ["a.", "application/octet-stream"],
    ["a.toString", "application/octet-stream"],
    ["a.html ", "application/octet-stream"],
  ])("%j: %s", (name, type) => {
    expect(contentTypeOf(name)).toBe(type);
  });
});
