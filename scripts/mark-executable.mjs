// tsc writes the command-line file without its executable bit; npm links to it from node_modules/.bin.
import { chmodSync } from "node:fs";

chmodSync(new URL("../dist/demos/cli.js", import.meta.url), 0o755);
