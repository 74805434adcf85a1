// Hello world over this library's HttpServer, as one would write it; with --fetch by a handler in
// the manner of fetch(). Limits and deadlines are the defaults.
//
// Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import { Reactor } from "../../dist/index.js";
import { fetchHandler, HttpServer } from "../../dist/protocols/http1/index.js";
import { endWithStdin } from "./stdin.mjs";

const BODY = "Hello, World!";

function hello(_request, response) {
  response.setHeader("Content-Type", "text/plain");
  response.end(BODY);
}

const helloFetch = fetchHandler(() => {
  return new Response(BODY, { headers: { "Content-Type": "text/plain" } });
});

const reactor = new Reactor();
const handler = process.argv.includes("--fetch") ? helloFetch : hello;
const server = HttpServer.listen(reactor, { host: "127.0.0.1", port: 0 }, handler);
endWithStdin(reactor);
process.stdout.write(`PORT ${server.address.port}\n`);
await reactor.run();
