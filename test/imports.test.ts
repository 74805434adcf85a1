/** The rooms of the house (ARCHITECTURE.md) as a test, and tests that this test can fail. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { importBreaches, importCycles, importsOf, nativeBreaches } from "./support/imports.js";

/** All files under `directory` that end so, by their path below it. */
function readTree(directory: string, ...endings: string[]): Map<string, string> {
  const root = fileURLToPath(new URL(`../${directory}/`, import.meta.url));
  const files = new Map<string, string>();
  for (const entry of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    const path = entry.replaceAll("\\", "/");
    if (endings.some((ending) => path.endsWith(ending))) {
      files.set(path, readFileSync(root + entry, "utf8"));
    }
  }
  return files;
}

describe("the sources", () => {
  const src = readTree("src", ".ts");
  const native = readTree("native", ".cc", ".h", ".inc");

  test("are found", () => {
    expect([...src.keys()]).toEqual(expect.arrayContaining(["index.ts", "kernel/kernel.ts"]));
    expect([...native.keys()]).toEqual(expect.arrayContaining(["addon.cc", "host_loop.cc"]));
  });

  test("keep to the table of who may import what", () => {
    expect(importBreaches(src)).toEqual([]);
  });

  test("have no import cycle", () => {
    expect(importCycles(src)).toEqual([]);
  });

  test("in native/ know libc and napi.h, and only host_loop.cc calls JavaScript", () => {
    expect(nativeBreaches(native)).toEqual([]);
  });
});

/** The breaches of one made-up file among others that exist. */
function breachesOf(path: string, text: string): string[] {
  const others = [
    "index.ts",
    "kernel/index.ts",
    "sockets/index.ts",
    "selectors/index.ts",
    "reactor/index.ts",
    "streams/byte-queue.ts",
    "streams/index.ts",
    "protocols/http1/parser/b.ts",
    "demos/usage.ts",
    "demos/echo/server.ts",
    "demos/chat/server.ts",
    "demos/http/server.ts",
  ].map((other): [string, string] => [other, ""]);
  return importBreaches(new Map([...others, [path, text]]));
}

describe("the checker of imports", () => {
  const allowed: readonly [path: string, text: string][] = [
    ["kernel/a.ts", 'import { join } from "node:path";'],
    ["kernel/a.ts", 'require("node-gyp-build");'],
    ["sockets/a.ts", 'import { Kernel } from "../kernel/index.js";'],
    ["selectors/a.ts", 'import type { Fd } from "../kernel/index.js";'],
    ["reactor/a.ts", 'import "../selectors/index.js"; import "../sockets/index.js";'],
    ["streams/a.ts", 'import { lookup } from "node:dns/promises"; import "../reactor/index.js";'],
    [
      "protocols/http1/parser/a.ts",
      'import type { ByteQueue } from "../../../streams/byte-queue.js"; import "./b.js";',
    ],
    ["protocols/http1/server/a.ts", 'import "../../../streams/index.js"; import "../parser/b.js";'],
    ["demos/a.ts", 'import { Socket } from "socket-reactor"; import net from "node:net";'],
    ["demos/a.ts", 'import "./echo/server.js"; const redis = await import("redis");'],
    [
      "demos/echo/a.ts",
      'import "./server.js"; import "../usage.js"; import "socket-reactor/kernel";',
    ],
    [
      "demos/chat/a.ts",
      'import "../http/server.js"; import type { RedisClientType } from "redis";',
    ],
    ["demos/demo/a.ts", 'import "../echo/server.js"; import "../chat/server.js";'],
    ["sockets/index.ts", 'export * from "../kernel/index.js";\n/* words */\n'],
    ["kernel/a.ts", '// import "node:net";\nconst text = `import "node:net"`;'],
  ];
  test.each(allowed)("allows %s: %s", (path, text) => {
    expect(breachesOf(path, text)).toEqual([]);
  });

  const refused: readonly [path: string, text: string][] = [
    ["kernel/a.ts", 'import "../sockets/index.js";'],
    ["kernel/a.ts", 'import "../index.js";'],
    ["kernel/a.ts", 'import "./missing.js";'],
    ["sockets/a.ts", 'import { EVENT_READ } from "../selectors/index.js";'],
    ["sockets/a.ts", 'import type { Selector } from "../selectors/index.js";'],
    ["sockets/a.ts", 'type S = import("../selectors/index.js").Selector;'],
    ["selectors/a.ts", 'export { Socket } from "../sockets/index.js";'],
    ["selectors/a.ts", 'await import("../sockets/index.js");'],
    ["selectors/a.ts", 'import { Socket } from "socket-reactor";'],
    ["selectors/a.ts", 'import net from "node:net";'],
    ["selectors/a.ts", 'import fs from "fs";'],
    ["sockets/a.ts", 'const tls = require("node:tls");'],
    ["sockets/a.ts", 'import ws from "ws";'],
    ["streams/a.ts", 'import "../selectors/index.js";'],
    ["demos/a.ts", 'import "../sockets/index.js";'],
    ["demos/a.ts", 'import "redis";'],
    ["demos/echo/a.ts", 'import "../chat/server.js";'],
    ["demos/http/a.ts", 'import "../chat/server.js";'],
    ["kitchen/a.ts", 'import "node:fs";'],
    ["helper.ts", 'import "./kernel/index.js";'],
    ["sockets/index.ts", "export const one = 1;"],
    ["sockets/index.ts", 'import { one } from "../kernel/index.js";\nexport { one };'],
  ];
  test.each(refused)("refuses %s: %s", (path, text) => {
    expect(breachesOf(path, text)).toHaveLength(1);
  });

  const impure: readonly string[] = [
    'import { createHash } from "node:crypto";',
    'import { ByteQueue } from "../../../streams/byte-queue.js";',
    'import type { SocketStream } from "../../../streams/index.js";',
    'import "../server/a.js";',
  ];
  test.each(impure)("lets a parser know no I/O: %s", (text) => {
    const files = new Map([
      ["streams/index.ts", ""],
      ["streams/byte-queue.ts", ""],
      ["protocols/http1/server/a.ts", ""],
      ["protocols/http1/parser/a.ts", text],
    ]);
    expect(importBreaches(files)).toHaveLength(1);
  });

  test("finds every form of import", () => {
    const text = `import a from "a"; import type { B } from "b"; export * from "c";
      export type { D } from "d"; import "e"; await import("f"); require("g");
      let h: import("h").H;`;
    const imports = importsOf("x.ts", text);
    expect(imports.map(({ specifier }) => specifier).join("")).toBe("abcdefgh");
    expect(imports.filter(({ isTypeOnly }) => isTypeOnly)).toHaveLength(3);
    expect(imports.filter(({ isDynamic }) => isDynamic)).toHaveLength(2);
  });
});

describe("the search for cycles", () => {
  test("finds none in a tree and in a diamond", () => {
    const files = new Map([
      ["a.ts", 'import "./b.js"; import "./c.js";'],
      ["b.ts", 'import "./d.js";'],
      ["c.ts", 'import "./d.js"; import "node:fs";'],
      ["d.ts", ""],
    ]);
    expect(importCycles(files)).toEqual([]);
  });

  test("finds a file that imports itself, a pair, and a ring through a room's index", () => {
    expect(importCycles(new Map([["a.ts", 'import "./a.js";']]))).toEqual([["a.ts", "a.ts"]]);
    const pair = new Map([
      ["a.ts", 'import type { B } from "./b.js";'],
      ["b.ts", 'export * from "./a.js";'],
    ]);
    expect(importCycles(pair)).toEqual([["a.ts", "b.ts", "a.ts"]]);
    const ring = new Map([
      ["index.ts", 'export * from "./kernel/index.js";'],
      ["kernel/index.ts", 'export * from "./fd.js";'],
      ["kernel/fd.ts", 'import "socket-reactor";'],
    ]);
    expect(importCycles(ring)).toHaveLength(1);
  });
});

describe("the checker of native/", () => {
  const headers = new Map([["args.h", "#include <napi.h>\n#include <cstdint>"]]);
  const check = (path: string, text: string) => nativeBreaches(new Map([...headers, [path, text]]));

  test("allows libc, napi.h, own headers, and words in comments", () => {
    const text = `#include <sys/epoll.h>  // not <uv.h>
      #include "args.h"
      // napi_call_function(env)
      /* #include <v8.h> */`;
    expect(check("epoll.cc", text)).toEqual([]);
  });

  test("lets host_*.cc alone include uv.h, and host_loop.cc call JavaScript", () => {
    const text = "#include <uv.h>\nnapi_make_callback(env, nullptr);";
    expect(check("host_loop.cc", text)).toEqual([]);
    expect(check("host_poll.cc", text)).toHaveLength(1);
    expect(check("epoll.cc", text)).toHaveLength(2);
  });

  test.each(["node.h", "v8.h", "nan.h", "node_api.h", "node_version.h", "uv/unix.h"])(
    "refuses <%s> everywhere",
    (header) => {
      expect(check("host_loop.cc", `#include <${header}>`)).toHaveLength(1);
    },
  );

  test("refuses a header that is not there, and napi_call_function", () => {
    expect(check("epoll.cc", '#include "../other/thing.h"')).toHaveLength(1);
    expect(check("epoll.cc", "napi_call_function(env, x, f, 0, nullptr, &r);")).toHaveLength(1);
  });
});
