// Echo over this library's stream floor, as one would write it: a handler object. Attached to
// Node's loop unless --blocking.
//
// Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import { Listener, Reactor } from "../../dist/index.js";
import { endWithStdin } from "./stdin.mjs";

const reactor = new Reactor();
const echo = {
  onData(stream, input) {
    if (!stream.write(input)) stream.pause();
  },
  onDrain: (stream) => stream.resume(),
};
const listener = Listener.tcp(reactor, { host: "127.0.0.1", port: 0 }, (stream) => {
  stream.handler = echo;
});
endWithStdin(reactor);
process.stdout.write(`PORT ${listener.address.port}\n`);
if (process.argv.includes("--blocking")) reactor.runBlocking();
else await reactor.run();
