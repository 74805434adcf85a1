// Hello world over Deno.serve; run by Deno. Prints "PORT <n>"; ends on SIGTERM or when stdin closes.
const options = {
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`PORT ${port}`),
};
globalThis.Deno.serve(options, () => {
  return new Response("Hello, World!", { headers: { "Content-Type": "text/plain" } });
});
for await (const _chunk of globalThis.Deno.stdin.readable);
globalThis.Deno.exit(0);
