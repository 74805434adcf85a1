// Hello world over node:http, as its users write it; with a folder its files, by streams.
//
//   node node-http.mjs [FOLDER]
//
// Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { endWithInput } from "./input.mjs";

/** As the other contestants ask for; the default of 511 would cost SYN retransmits. */
const BACKLOG = 4096;
/** The default of 5 s would close idle connections while the memory bench opens others. */
const KEEP_ALIVE_MS = 75_000;
const BODY = "Hello, World!";

const [folder] = process.argv.slice(2);

function hello(_request, response) {
  response.setHeader("Content-Type", "text/plain");
  response.setHeader("Content-Length", BODY.length);
  response.end(BODY);
}

// Only the files that the bench has made are asked for.
async function sendFile(request, response) {
  const file = join(folder, join("/", request.url));
  const { size } = await stat(file);
  response.setHeader("Content-Type", "application/octet-stream");
  response.setHeader("Content-Length", size);
  pipeline(createReadStream(file), response, () => {});
}

const options = { keepAliveTimeout: KEEP_ALIVE_MS };
const server = createServer(options, folder === undefined ? hello : sendFile);
server.listen({ host: "127.0.0.1", port: 0, backlog: BACKLOG }, () => {
  console.log(`PORT ${server.address().port}`);
});
endWithInput();
