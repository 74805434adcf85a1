/** The first things a server has to do, both ways of running it. */
import { describe, expect, test } from "vitest";
import { get, hello, post, serve, WAYS } from "./support.js";

describe.each(WAYS)("a server in a reactor that is %s", (way) => {
  test("answers", async () => {
    const { client, until } = serve(hello, {}, { way });
    const one = client(get());
    await until(() => one.answers === 1);
    expect(one.plain).toBe("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  });

  test("keeps the connection for the next request", async () => {
    const { client, until, server } = serve(hello, {}, { way });
    const one = client(get());
    for (let i = 1; i <= 3; i += 1) {
      await until(() => one.answers === i);
      one.send(get());
    }
    await until(() => one.answers === 4);
    expect(server.stats()).toMatchObject({ connections: 1, requests: 4, responses: 4 });
  });

  test("answers several requests of one segment in one", async () => {
    const { client, until } = serve((request, response) => response.end(request.path), {}, { way });
    const one = client(get("/a") + get("/b") + get("/c"));
    await until(() => one.answers === 3);
    expect(one.text.match(/\/[abc]/g)).toEqual(["/a", "/b", "/c"]);
  });

  test("reads a body with callbacks", async () => {
    const { client, until } = serve(
      (request, response) => {
        let text = "";
        request.read({
          onData(_, input) {
            text += input.take();
          },
          onEnd: () => response.end(`<${text}>`),
        });
      },
      {},
      { way },
    );
    const one = client(post("one") + post("two"));
    await until(() => one.answers === 2);
    expect(one.text.match(/<\w+>/g)).toEqual(["<one>", "<two>"]);
  });
});

test("reads bodies with promises and loops", async () => {
  const { client, until } = serve(
    async (request, response) => {
      if (request.path === "/text") return response.end(await request.text());
      if (request.path === "/json") return response.end(JSON.stringify(await request.json()));
      for await (const chunk of request.body) await response.writeAsync(chunk);
      response.end();
    },
    {},
    { way: "attached" },
  );
  const one = client();
  one.send("POST /text HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  one.send("POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n[1 , 2]");
  one.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n");
  await until(() => one.text.includes("0\r\n\r\n"));
  expect(one.plain).toBe(
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc" +
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1,2]" +
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n",
  );
});
