/** A thread of thread-per-connection.ts: it serves its one connection, and ends. */
import { workerData } from "node:worker_threads";
import { serveBlocking } from "./blocking-echo.js";
import type { Given } from "./worker-message.js";

const given: Given = workerData;
serveBlocking(given);
