import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { SkipReporter } from "./test/support/skip-reporter.js";

const src = fileURLToPath(new URL("./src/", import.meta.url));

export default defineConfig({
  resolve: {
    // The demos import the package by its own name: here that is the source, so that one run never
    // holds two copies of a module.
    alias: [
      { find: /^socket-reactor$/, replacement: `${src}index.ts` },
      { find: /^socket-reactor\/(.*)$/, replacement: `${src}$1/index.ts` },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", new SkipReporter()],
    setupFiles: ["test/support/fd-count.ts"],
    // One process per test file: an addon that crashes takes down one file, not the run.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    coverage: { provider: "v8", include: ["src/**"], reporter: ["text", "lcov"] },
  },
});
