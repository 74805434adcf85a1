// Hello world over this library's HttpServer, as one would write it. Limits and deadlines are the
// defaults. http-fetch.mjs does it in the manner of fetch().
//
// Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import { Reactor } from "../../dist/index.js";
import { HttpServer } from "../../dist/protocols/http1/index.js";
import { endWithStdin } from "./stdin.mjs";

function hello(_request, response) {
  response.setHeader("Content-Type", "text/plain");
  response.end("Hello, World!");
}

const reactor = new Reactor();
const server = HttpServer.listen(reactor, { host: "127.0.0.1", port: 0 }, hello);
endWithStdin(reactor);
process.stdout.write(`PORT ${server.address.port}\n`);
await reactor.run();
