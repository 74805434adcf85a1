/** Many requests of load generators that others wrote: each is answered as it should be. */
import { describe, expect, test } from "vitest";
import { serve } from "./demo-server.js";
import { named, runTool, whyMissing } from "./outside-tool.js";

const REQUESTS = 2000;
const CONNECTIONS = 20;

const noAb = whyMissing("ab", "-V", "apache2-utils");
const noH2load = whyMissing("h2load", "--version", "nghttp2-client");

const paths = [["/a.txt"], ["/long.bin"], ["/"]] as const;
const files = { "long.bin": Buffer.alloc(20_000) };

describe.skipIf(noAb)(named("ab", noAb), () => {
  test.each(paths)("%s: all succeed, kept alive", async (path) => {
    const { port } = serve(files);
    const url = `http://127.0.0.1:${port}${path}`;
    const args = ["-q", "-k", "-n", String(REQUESTS), "-c", String(CONNECTIONS), url];
    const { status, stdout } = await runTool("ab", args);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`Complete requests: +${REQUESTS}\n`));
    expect(stdout).toMatch(/Failed requests: +0\n/);
    expect(stdout).toMatch(new RegExp(`Keep-Alive requests: +${REQUESTS}\n`));
    expect(stdout).not.toMatch(/Non-2xx/);
  });

  test("all succeed on a connection each", async () => {
    const { port } = serve();
    const url = `http://127.0.0.1:${port}/a.txt`;
    const args = ["-q", "-n", String(REQUESTS), "-c", String(CONNECTIONS), url];
    const { stdout } = await runTool("ab", args);
    expect(stdout).toMatch(new RegExp(`Complete requests: +${REQUESTS}\n`));
    expect(stdout).toMatch(/Failed requests: +0\n/);
  });
});

describe.skipIf(noH2load)(named("h2load --h1", noH2load), () => {
  test.each(paths.flatMap(([path]) => [[path, 1] as const, [path, 16] as const]))(
    "%s: all succeed, pipelined %i",
    async (path, pipelined) => {
      const { port, demo } = serve(files);
      const url = `http://127.0.0.1:${port}${path}`;
      const counts = ["-n", String(REQUESTS), "-c", String(CONNECTIONS), "-m", String(pipelined)];
      const { status, stdout } = await runTool("h2load", ["--h1", ...counts, url]);
      expect(status).toBe(0);
      expect(stdout).toMatch(
        new RegExp(`${REQUESTS} done, ${REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout`),
      );
      expect(demo.server.stats().responses).toBe(REQUESTS);
    },
  );
});
