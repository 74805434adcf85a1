// Hello world over fastify, as its users write it, without a logger. Prints "PORT <n>"; ends on
// SIGTERM or when stdin closes.
import fastify from "fastify";
import { endWithInput } from "./input.mjs";

/** As the other contestants ask for; the default of 511 would cost SYN retransmits. */
const BACKLOG = 4096;

const server = fastify({ logger: false });
server.get("/", (_request, reply) => {
  reply.type("text/plain").send("Hello, World!");
});
await server.listen({ host: "127.0.0.1", port: 0, backlog: BACKLOG });
console.log(`PORT ${server.server.address().port}`);
endWithInput();
