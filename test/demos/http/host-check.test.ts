/** Whose requests are answered where only this machine can ask. */
import { describe, expect, test } from "vitest";
import { hostCheck } from "../../../src/demos/http/host-check.js";
import { ask, askRaw, serve, startDemo } from "./demo-server.js";
import { SECRET } from "./served-folder.js";

const OURS = [
  ...["127.0.0.1", "127.0.0.1:8080", "192.0.2.7:80", "[::1]", "[::1]:8080", "[2001:db8::1]:"],
  ...["localhost", "LocalHost:8080", "localhost.", "a.b.localhost:1", "box.test", "Box.test.:80"],
  "", // HTTP/1.0
];
const OTHERS = [
  ...["evil.test", "evil.test:8080", "localhost.evil.test", "xlocalhost", "127.0.0.1.evil.test"],
  ...["abox.test", "box.test.evil.test", "0x7f.1", "2130706433", "127.1", "[::1].evil.test"],
  ...["[:::]", "127%2e0.0.1", "::1", "."],
];

describe("a host that is asked for", () => {
  test.each(["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])("on %s", (address) => {
    const isForUs = hostCheck({ address, name: "box.test" });
    for (const host of OURS) expect(isForUs(host), host).toBe(true);
    for (const host of OTHERS) expect(isForUs(host), host).toBe(false);
  });

  test.each(["0.0.0.0", "::", "192.0.2.1", "1.127.0.0"])("on %s may be any", (address) => {
    const isForUs = hostCheck({ address });
    for (const host of [...OURS, ...OTHERS]) expect(isForUs(host), host).toBe(true);
  });

  test("may be the name that was listened under", () => {
    expect(hostCheck({ address: "127.0.0.1", name: "evil.test" })("evil.test:80")).toBe(true);
    expect(hostCheck({ address: "127.0.0.1" })("evil.test:80")).toBe(false);
  });
});

test("a page of another site gets 421 instead of a file, whatever it asks for", async () => {
  const { get, port, log } = serve({ "mine.txt": SECRET }, { list: true });
  const headers = { Host: `evil.test:${port}` };
  for (const path of ["/mine.txt", "/", "/api/files", "/events", "/slow", "/none"]) {
    const reply = await get(path, headers);
    expect(reply.status, path).toBe(421);
    expect(reply.text).not.toMatch(/mine|nobody|socket-reactor/);
  }
  const json = { ...headers, "Content-Type": "application/json" };
  expect(await ask(port, "/api/echo", { method: "POST", headers: json, body: "{}" })).toMatchObject(
    {
      status: 421,
    },
  );
  expect(log).toContain("GET /mine.txt 421");
  const absolute = "GET http://evil.test/mine.txt HTTP/1.1\r\nHost: evil.test\r\n";
  expect(await askRaw(port, `${absolute}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 421 /);
  expect(await get("/mine.txt", { Host: "localhost" })).toMatchObject({ status: 200 });
  expect(await askRaw(port, "GET /mine.txt HTTP/1.0\r\n\r\n")).toContain(SECRET);
});

test("the name of --host is answered", async () => {
  const { port } = startDemo({ hostName: "box.test" });
  expect(await ask(port, "/", { headers: { Host: "box.test" } })).toMatchObject({ status: 200 });
  expect(await ask(port, "/", { headers: { Host: "evil.test" } })).toMatchObject({ status: 421 });
});
