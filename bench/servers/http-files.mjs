// The files of a folder over this library's HttpServer by sendFile: no more than the other bare
// servers do. The demo (src/demos/http) is the one with conditions, ranges and checked paths.
//
//   node http-files.mjs FOLDER
//
// Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import { closeSync, fstatSync, openSync } from "node:fs";
import { join } from "node:path";
import { Reactor } from "../../dist/index.js";
import { HttpServer } from "../../dist/protocols/http1/index.js";
import { endWithStdin } from "./stdin.mjs";

const [folder] = process.argv.slice(2);

function sendFile(request, response) {
  // Only the files that the bench has made are asked for: whatever else is wrong becomes a 500.
  const fd = openSync(join(folder, join("/", request.path)), "r");
  response.setHeader("Content-Type", "application/octet-stream");
  response.sendFile(fd, 0, fstatSync(fd).size, { onSent: () => closeSync(fd) });
}

const reactor = new Reactor();
const server = HttpServer.listen(reactor, { host: "127.0.0.1", port: 0 }, sendFile);
endWithStdin(reactor);
process.stdout.write(`PORT ${server.address.port}\n`);
await reactor.run();
