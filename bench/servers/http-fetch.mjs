// Hello world over this library's HttpServer, by a handler in the manner of fetch(). Limits and
// deadlines are the defaults.
//
// Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import { Reactor } from "../../dist/index.js";
import { fetchHandler, HttpServer } from "../../dist/protocols/http1/index.js";
import { endWithStdin } from "./stdin.mjs";

const hello = fetchHandler(() => {
  return new Response("Hello, World!", { headers: { "Content-Type": "text/plain" } });
});

const reactor = new Reactor();
const server = HttpServer.listen(reactor, { host: "127.0.0.1", port: 0 }, hello);
endWithStdin(reactor);
process.stdout.write(`PORT ${server.address.port}\n`);
await reactor.run();
