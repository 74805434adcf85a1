// Hello world over uWebSockets.js, whose folder is the argument. Prints "PORT <n>"; ends on SIGTERM
// or when stdin closes.
import { createRequire } from "node:module";
import { endWithInput } from "./input.mjs";

const [folder] = process.argv.slice(2);
const { App, us_socket_local_port: portOf } = createRequire(import.meta.url)(folder);

App()
  .get("/", (response) => {
    response.writeHeader("Content-Type", "text/plain").end("Hello, World!");
  })
  .listen("127.0.0.1", 0, (socket) => {
    console.log(`PORT ${portOf(socket)}`);
  });
endWithInput();
