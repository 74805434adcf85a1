/** Another protocol on the same connection: the stream is handed over, or the answer is. */
import { describe, expect, test } from "vitest";
import type { HttpClientResponse } from "../../../../src/protocols/http1/index.js";
import { answering, clientOf, rawServer, rejection, runningReactor, until } from "./support.js";

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: Echo\r\n\r\n";

describe("an upgrade", () => {
  test("asks for the protocol and hands the stream over, with what is unread", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => {
      const fresh = peer.take();
      if (fresh.startsWith("GET")) peer.say(`${SWITCH}HTTP/1.1 is over`);
      else peer.say(fresh);
    });
    const client = clientOf(reactor, server);
    const { response, stream } = await client.upgrade({
      protocol: "echo",
      path: "/talk",
      headers: { "X-Key": "7" },
    });
    expect(server.peers[0]?.text).toBe(
      `GET /talk HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nX-Key: 7\r\n` +
        "Connection: Upgrade\r\nUpgrade: echo\r\n\r\n",
    );
    expect([response.status, response.headers.get("upgrade")]).toEqual([101, "Echo"]);
    expect(await response.text()).toBe("");
    expect(stream.isReading).toBe(false);
    expect(stream.input.take().toString()).toBe("HTTP/1.1 is over");
    client.close();
    const heard: string[] = [];
    stream.handler = { onData: (_, input) => void heard.push(input.take().toString()) };
    stream.resume();
    stream.write("still here");
    await until(() => heard.join("") === "still here");
    stream.destroy();
  });

  test("does not count as a connection of the client's any more", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, (peer) => peer.say(SWITCH));
    const client = clientOf(reactor, server, { connectionsMax: 1 });
    const streams = [];
    for (let i = 0; i < 3; i += 1)
      streams.push((await client.upgrade({ protocol: "echo" })).stream);
    expect(client.stats()).toMatchObject({ connections: 0, connected: 3 });
    for (const stream of streams) stream.destroy();
  });

  test("that is refused rejects, with a response that can be read", async () => {
    const reactor = runningReactor();
    const server = answering(
      reactor,
      "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 4\r\n\r\nnope",
    );
    const client = clientOf(reactor, server);
    const error = await rejection(client.upgrade({ protocol: "echo" }));
    expect(error.code).toBe("ERR_HTTP_UPGRADE_REFUSED");
    const { response } = error as unknown as { response: HttpClientResponse };
    expect([response.status, await response.text()]).toEqual([426, "nope"]);
    expect(client.stats().idle).toBe(1);
  });

  test("to something else is no answer", async () => {
    const reactor = runningReactor();
    const server = answering(reactor, SWITCH);
    const error = await rejection(clientOf(reactor, server).upgrade({ protocol: "chat" }));
    expect(error.code).toBe("ERR_HTTP_RESPONSE_INVALID");
  });

  test("can be given up, and times out", async () => {
    const reactor = runningReactor();
    const server = rawServer(reactor, () => {});
    const client = clientOf(reactor, server, { headTimeoutMs: 20 });
    expect((await rejection(client.upgrade({ protocol: "echo" }))).code).toBe(
      "ERR_HTTP_HEAD_TIMEOUT",
    );
    const signal = AbortSignal.timeout(1);
    expect((await rejection(client.upgrade({ protocol: "echo", signal }))).name).toBe(
      "TimeoutError",
    );
  });
});
