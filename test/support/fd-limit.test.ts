import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { errnoOf, systemKernel } from "../../src/index.js";
import { differences, openDescriptors } from "./descriptors.js";
import { fillDescriptors, LIMIT_ROAD, type LimitRoad, spawnLimitable } from "./fd-limit.js";

const roads: LimitRoad[] = LIMIT_ROAD === "prlimit" ? ["prlimit", "taken"] : ["taken"];

/** Opens until it cannot, each time a signal comes, and says with which number it ended. */
const OPENER = `
  import { closeSync, openSync } from "node:fs";
  process.on("SIGUSR1", () => {
    const fds = [];
    try {
      for (;;) fds.push(openSync("/dev/null"));
    } catch (error) {
      console.log(error.code, Math.max(...fds));
      for (const fd of fds) closeSync(fd);
    }
    clearInterval(alive);
  });
  const alive = setInterval(() => {}, 1000);
  console.log("started");
`;

test.each(roads)("a child's limit holds from limit() on, not before (%s)", async (road) => {
  const { child, limit } = spawnLimitable(
    [process.execPath, "--input-type=module", "--eval", OPENER],
    { descriptorsMax: 60, road },
  );
  const stderr = text(child.stderr);
  const [started] = await once(child.stdout, "data");
  expect(String(started)).toBe("started\n");
  await limit();
  child.kill("SIGUSR1");
  const [said] = await Promise.all([text(child.stdout), once(child, "close")]);
  expect({ said, stderr: await stderr }).toEqual({ said: "EMFILE 59\n", stderr: "" });
});

test("a filled table has no descriptor, then as many as are freed, then all again", () => {
  const before = openDescriptors();
  const table = fillDescriptors();
  expect(systemKernel.eventfd()).toBe(errnoOf("EMFILE"));
  table.free(2);
  const two = [systemKernel.eventfd(), systemKernel.eventfd()];
  expect(Math.min(...two)).toBeGreaterThan(0);
  expect(systemKernel.eventfd()).toBe(errnoOf("EMFILE"));
  for (const fd of two) systemKernel.close(fd);
  table.release();
  table.release();
  expect(differences(before, openDescriptors())).toEqual([]);
});

test("the limit is what it was once a table is released", () => {
  const limit = () => (process.report.getReport() as Report).userLimits.open_files.soft;
  const before = limit();
  fillDescriptors().release();
  expect(limit()).toBe(before);
});

interface Report {
  readonly userLimits: { readonly open_files: { readonly soft: number | string } };
}
