/** How connections end, one by one and all together. */
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { tinyClient } from "../echo-peers.js";
import { connectLines, connectWeb, enter, startChat } from "./chat-peers.js";

describe("a member that goes is one QUIT for each other, with the reason", () => {
  test.each([
    ["that it gave", "QUIT :gone fishing", / QUIT :.*gone fishing$/],
    ["FIN", undefined, / QUIT :Client closed connection$/],
    ["RST", "reset", / QUIT :Connection reset by peer$/],
  ])("%s", async (_, how, quit) => {
    const { port, server } = startChat();
    const anna = await enter(port, "anna", "#one", "#two");
    const otto = await enter(port, "otto", "#one", "#two");
    if (how === undefined) otto.socket.end();
    else if (how === "reset") otto.socket.resetAndDestroy();
    else otto.say(how);
    await anna.said(/^:otto!/, 3);
    await anna.said(quit);
    await anna.sync();
    expect(anna.log.count(/^:otto!\S+ QUIT /)).toBe(1);
    await otto.closed;
    // Its name is free again.
    await enter(port, "otto", "#one");
    expect(server.stats()).toMatchObject({ connections: 2, localUsers: 2 });
  });

  test("what it had said before it went comes first", async () => {
    const { port } = startChat({ floodLimits: false });
    const anna = await enter(port, "anna", "#lobby");
    const otto = await enter(port, "otto", "#lobby");
    otto.say(...Array.from({ length: 500 }, (_, n) => `PRIVMSG #lobby :${n}`));
    otto.socket.end();
    await anna.said(/^:otto!\S+ QUIT /);
    expect(anna.log.count(/^:otto!\S+ PRIVMSG /)).toBe(500);
    expect(anna.lines.at(-1)).toMatch(/ QUIT /);
  });
});

test("who connects and goes without a word leaves nothing", async () => {
  const { port, server, log } = startChat();
  for (let n = 0; n < 50; n += 1) {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", () => {});
    await once(socket, "connect");
    if (n % 2 === 0) socket.resetAndDestroy();
    else socket.destroy();
  }
  await log.said(/^CLOSED /, 50);
  expect(server.stats()).toMatchObject({ connections: 0, unregistered: 0, users: 0 });
});

describe("when the server ends", () => {
  test("everybody reads why, nobody reads of the others' ends, and all is closed", async () => {
    const { port, webPort, stop, server, log } = startChat();
    const members = await Promise.all(
      Array.from({ length: 20 }, (_, n) => enter(port, `u${n}`, "#lobby")),
    );
    const page = await connectWeb(webPort);
    await page.register("page");
    await page.join("#lobby");
    const stranger = await connectLines(port);
    await log.said(/^ESTABLISHED /, members.length + 2);
    await stop();
    for (const client of [...members, stranger]) {
      expect(await client.closed).toBe(undefined);
      expect(client.lines.at(-1)).toBe("ERROR :Closing Link: 127.0.0.1 (Server going down)");
      expect(client.log.count(/ QUIT /)).toBe(0);
    }
    expect(await page.closed).toMatchObject({ code: 1001 });
    expect(page.lines.at(-1)).toBe("ERROR :Closing Link: 127.0.0.1 (Server going down)");
    expect(server.stats()).toMatchObject({ connections: 0, users: 0 });
  });

  test("who does not close its side, and who does not read, are cut", async () => {
    const { port, stop, server, log } = startChat({ limits: { closeMs: 50 } });
    const open = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    open.on("error", () => {});
    onTestFinished(() => void open.destroy());
    await once(open, "connect");
    tinyClient(port);
    await log.said(/^ESTABLISHED /, 2);
    await stop();
    expect(server.stats().connections).toBe(0);
  });

  test("at once, with close(): it may be called twice, and in any state", async () => {
    const { port, server } = startChat();
    const anna = await enter(port, "anna", "#lobby");
    server.close("Enough");
    server.close();
    await anna.closed;
    expect(anna.lines.at(-1)).toBe("ERROR :Closing Link: 127.0.0.1 (Enough)");
    expect(server.stats()).toMatchObject({ connections: 0, users: 0 });
    await server.drain();
  });
});
