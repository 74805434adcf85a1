// Hello world over Bun.serve; run by Bun. Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
import { endWithInput } from "./input.mjs";

const server = globalThis.Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: () => new Response("Hello, World!", { headers: { "Content-Type": "text/plain" } }),
});
console.log(`PORT ${server.port}`);
endWithInput();
