import { closeSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { canBeOurs, differences, openDescriptors } from "./descriptors.js";

test("an open file is found, with its path, until it is closed", () => {
  const before = openDescriptors();
  const path = fileURLToPath(import.meta.url);
  const fd = openSync(path, "r");
  const opened = differences(before, openDescriptors());
  closeSync(fd);
  expect(opened).toHaveLength(1);
  expect(opened[0]).toContain(`left open: ${fd} -> `);
  if (process.platform === "linux") expect(opened[0]).toContain(path);
  expect(differences(before, openDescriptors())).toEqual([]);
});

test("a listening socket of node:net is found until its close is called back", async () => {
  const before = openDescriptors();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  expect(differences(before, openDescriptors()).join()).toMatch(/^left open: \d+ -> socket/);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  expect(differences(before, openDescriptors())).toEqual([]);
});

test("a number that now has another target is a difference, and so is one that is gone", () => {
  const before = new Map([
    [5, "socket:[1]"],
    [6, "socket:[2]"],
  ]);
  expect(differences(before, new Map([[5, "pipe:[9]"]]))).toEqual([
    "left open: 5 -> pipe:[9]",
    "closed, but not by its owner: 6 -> socket:[2]",
  ]);
});

test("devices, pseudo files and dependencies are nobody's leak; sockets and queues are", () => {
  for (const target of ["/dev/urandom", "/proc/self/stat", "/x/node_modules/vite/a.js"]) {
    expect(canBeOurs(target)).toBe(false);
  }
  for (const target of ["socket:[1]", "pipe:[1]", "anon_inode:[eventpoll]", "/tmp/data.bin"]) {
    expect(canBeOurs(target)).toBe(true);
  }
});
