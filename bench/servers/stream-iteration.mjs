// Echo over this library's stream floor, the comfortable face: async iteration.
//
// Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import { Listener, Reactor } from "../../dist/index.js";
import { endWithStdin } from "./stdin.mjs";

const reactor = new Reactor();
const listener = Listener.tcp(reactor, { host: "127.0.0.1", port: 0 }, serve);

async function serve(stream) {
  try {
    for await (const chunk of stream) await stream.writeAsync(chunk);
  } catch {
    // ECONNRESET and its like end one connection, not the server.
  }
}

endWithStdin(reactor);
process.stdout.write(`PORT ${listener.address.port}\n`);
await reactor.run();
