/** Files that wait for their turn to be sent: how many a client may have open, and who closes them. */
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { PIPELINED_MAX } from "../../../src/demos/http/server.js";
import { serve } from "./demo-server.js";
import { openFilesBelow } from "./served-folder.js";

test("files behind another answer are few, and are closed with the connection", async (context) => {
  if (process.platform !== "linux") return context.skip("only Linux tells which files are open");
  const { port, folder, demo } = serve({ "long.bin": Buffer.alloc(200_000) }, { paceMs: 60_000 });
  const socket = connect(port, "127.0.0.1");
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  socket.write(get("/slow") + get("/long.bin").repeat(200));
  await once(socket, "data");
  await expect.poll(() => openFilesBelow(folder.path)).toBeGreaterThan(0);
  expect(openFilesBelow(folder.path)).toBeLessThan(PIPELINED_MAX);
  socket.destroy();
  await expect.poll(() => openFilesBelow(folder.path)).toBe(0);
  expect(demo.server.stats().activeRequests).toBe(0);
});

test("a client that does not read holds few files open", async (context) => {
  if (process.platform !== "linux") return context.skip("only Linux tells which files are open");
  const { port, folder } = serve({ "long.bin": Buffer.alloc(8_000_000) });
  const socket = connect(port, "127.0.0.1").pause();
  socket.write("GET /long.bin HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200));
  await expect.poll(() => openFilesBelow(folder.path)).toBeGreaterThan(0);
  expect(openFilesBelow(folder.path)).toBeLessThanOrEqual(PIPELINED_MAX);
  socket.destroy();
  await expect.poll(() => openFilesBelow(folder.path)).toBe(0);
});
