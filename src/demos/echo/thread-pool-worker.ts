/** A thread of thread-pool.ts: it serves one connection after the other, and waits in between. */
import { parentPort } from "node:worker_threads";
import { serveBlocking } from "./blocking-echo.js";
import { type Given, say } from "./worker-message.js";

parentPort?.on("message", (given: Given) => serveBlocking(given));
say({ says: "ready" });
