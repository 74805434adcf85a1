/** Which words name which place. */
import { describe, expect, test } from "vitest";
import { nameOfTarget, parseTarget } from "../../../src/demos/connect/target.js";

describe("the arguments of connect", () => {
  test.each([
    ["7000", { host: "127.0.0.1", port: 7000 }, "127.0.0.1:7000"],
    ["localhost 7000", { host: "localhost", port: 7000 }, "localhost:7000"],
    ["localhost:7000", { host: "localhost", port: 7000 }, "localhost:7000"],
    ["::1 7000", { host: "::1", port: 7000 }, "[::1]:7000"],
    ["[::1]:7000", { host: "::1", port: 7000 }, "[::1]:7000"],
    ["fe80::1%eth0 1", { host: "fe80::1%eth0", port: 1 }, "[fe80::1%eth0]:1"],
    ["a.sock/", { path: "a.sock/" }, "a.sock/"],
    ["./7000", { path: "./7000" }, "./7000"],
    ["/run/a:80", { path: "/run/a:80" }, "/run/a:80"],
    ["@name", { path: "\0name" }, "@name"],
    ["unix:@name", { path: "\0name" }, "@name"],
    ["unix:name", { path: "name" }, "name"],
  ])("%s", (words, target, name) => {
    const parsed = parseTarget(words.split(" "), { leastPort: 1 });
    expect(parsed).toEqual(target);
    expect(nameOfTarget(parsed)).toBe(name);
  });

  test.each([
    [[]],
    [[""]],
    [["localhost"]],
    [["::1:7000"]],
    [["::1"]],
    [["1", "2", "3"]],
    [[":80"]],
  ])("%j are told what is expected", (words) => {
    const expected = "expected PORT, HOST PORT, HOST:PORT or a PATH with a slash; see socket-re";
    expect(() => parseTarget(words, { leastPort: 1 })).toThrow(expected);
  });

  test.each([["0"], ["localhost 0"], ["localhost:65536"], ["a http"], ["a "]])(
    "%j has no port to connect to",
    (words) => {
      const expected = "PORT must be an integer from 1 to 65535";
      expect(() => parseTarget(words.split(" "), { leastPort: 1 })).toThrow(expected);
    },
  );

  test("port 0 is one to listen on", () => {
    expect(parseTarget(["0"], { leastPort: 0 })).toEqual({ host: "127.0.0.1", port: 0 });
  });

  test("an empty host is none", () => {
    expect(() => parseTarget(["", "80"], { leastPort: 1 })).toThrow("HOST must not be empty");
  });
});
