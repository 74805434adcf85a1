/** The page's server: its files, its WebSocket, and who may use them. */
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { HttpServer } from "../../../src/protocols/http1/index.js";
import { ask } from "../http/demo-server.js";
import { connectWeb, enter, refusalOfWeb, startChat } from "./chat-peers.js";

test("who comes by WebSocket and who comes by TCP are in the same room", async () => {
  const { port, webPort, server } = startChat();
  const anna = await enter(port, "anna", "#lobby");
  const otto = await connectWeb(webPort);
  expect(otto.socket.protocol).toBe("text.ircv3.net");
  await otto.register("otto");
  await otto.join("#lobby");
  await anna.said(/^:otto!\S+ JOIN :?#lobby$/);
  otto.say("PRIVMSG #lobby :grüße aus dem Browser 🙂");
  await anna.said(/^:otto!\S+ PRIVMSG #lobby :grüße aus dem Browser 🙂$/);
  anna.say("PRIVMSG #lobby :und zurück");
  await otto.said(/^:anna!\S+ PRIVMSG #lobby :und zurück$/);
  for (const line of otto.lines) expect(line).not.toMatch(/[\r\n]/);
  expect(server.stats()).toMatchObject({ connections: 2, webConnections: 1 });
  otto.say("QUIT :bye");
  await anna.said(/^:otto!\S+ QUIT :.*bye$/);
  expect(await otto.closed).toMatchObject({ code: 1000 });
  expect(otto.lines.at(-1)).toMatch(/^ERROR :/);
});

test("a page that is left is one QUIT", async () => {
  const { port, webPort } = startChat();
  const anna = await enter(port, "anna", "#lobby");
  for (const [nick, leave, reason] of [
    ["otto", (socket: WebSocket) => socket.close(1001), "Client closed connection"],
    ["emma", (socket: WebSocket) => socket.close(), "Client closed connection"],
    ["hugo", (socket: WebSocket) => socket.terminate(), "Client closed connection"],
  ] as const) {
    const client = await connectWeb(webPort);
    await client.register(nick);
    await client.join("#lobby");
    leave(client.socket);
    await anna.said(new RegExp(`^:${nick}!\\S+ QUIT :.*${reason}$`));
  }
  await anna.sync();
  expect(anna.log.count(/ QUIT /)).toBe(3);
});

describe("a message that is no line", () => {
  test("is answered: too long, or with a line end in it", async () => {
    const { port, webPort } = startChat();
    const anna = await enter(port, "anna", "#lobby");
    const otto = await connectWeb(webPort);
    await otto.register("otto");
    await otto.join("#lobby");
    otto.say(`PRIVMSG #lobby :${"ü".repeat(300)}`);
    await otto.said(/^:\S+ 417 otto :/);
    otto.say("PRIVMSG #lobby :one\r\nQUIT :two", "PRIVMSG #lobby :a\0b", "PRIVMSG #lobby :after");
    await anna.said(/ :after$/);
    expect(anna.lines.filter((line) => /^:otto\S* (PRIVMSG|QUIT) /.test(line))).toHaveLength(1);
  });

  test("ends the connection: bytes, or far too much", async () => {
    const { port, webPort } = startChat();
    const anna = await enter(port, "anna", "#lobby");
    const bytes = await connectWeb(webPort);
    await bytes.register("bytes");
    await bytes.join("#lobby");
    bytes.socket.send(Buffer.from("PRIVMSG #lobby :x"));
    expect(await bytes.closed).toEqual({ code: 1003, reason: "Only text is understood" });
    await anna.said(/^:bytes!\S+ QUIT :/);
    const much = await connectWeb(webPort);
    await much.register("much");
    await much.join("#lobby");
    much.socket.send("x".repeat(8193));
    expect(await much.closed).toMatchObject({ code: 1009 });
    await anna.said(/^:much!\S+ QUIT :.*WebSocket error 1009$/);
  });
});

describe("another site's page", () => {
  test.each([
    "http://evil.example",
    "null",
    "http://127.0.0.1:1",
    "not an origin",
    "http://127.0.0.1.evil.example",
  ])("may not connect from %s", async (origin) => {
    const { webPort, server } = startChat();
    expect(await refusalOfWeb(webPort, { Origin: origin })).toBe(403);
    expect(server.stats().connections).toBe(0);
  });

  test("may not have its name lead here (DNS rebinding)", async () => {
    const { webPort } = startChat();
    const headers = { Host: `evil.example:${webPort}`, Origin: `http://evil.example:${webPort}` };
    expect(await refusalOfWeb(webPort, headers)).toBe(421);
    expect((await ask(webPort, "/", { headers })).status).toBe(421);
  });

  test("is none: our own, by number and by name", async () => {
    const { webPort } = startChat({ hostName: "chat.test" });
    for (const host of ["127.0.0.1", "localhost", "LOCALHOST", "chat.test"]) {
      const authority = `${host}:${webPort}`;
      const headers = { Host: authority, Origin: `http://${authority.toLowerCase()}` };
      const client = await connectWeb(webPort, "/irc", headers);
      await client.register("anna");
      client.say("QUIT");
      await client.closed;
    }
  });
});

describe("the page's files", () => {
  test("come with what they are and a policy that runs nothing else", async () => {
    const { webPort } = startChat();
    const page = await ask(webPort, "/");
    expect(page.status).toBe(200);
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.headers["content-security-policy"]).toMatch(/default-src 'none'/);
    expect(page.text).toMatch(/<!doctype html>/i);
    expect((await ask(webPort, "/nothing.js")).status).toBe(404);
    expect((await ask(webPort, "/../server.ts")).status).toBe(404);
    expect((await ask(webPort, "/", { method: "POST", body: "x" })).status).toBe(405);
    expect((await ask(webPort, "/irc")).status).toBe(426);
  });

  test("and the WebSocket can stand below a prefix of another web server", async () => {
    const { server, reactor, port } = startChat({ webPrefix: "/chat/" });
    const other = HttpServer.listen(reactor, { host: "127.0.0.1", port: 0 }, server.webHandler);
    onTestFinished(() => other.close());
    const otherPort = (other.address as { port: number }).port;
    expect((await ask(otherPort, "/chat/")).text).toMatch(/<!doctype html>/i);
    expect((await ask(otherPort, "/chat/irc")).status).toBe(426);
    for (const path of ["/irc", "/", "/chat/chat/"]) {
      expect((await ask(otherPort, path)).status).toBe(404);
    }
    const moved = await ask(otherPort, "/chat");
    expect([moved.status, moved.headers.location]).toEqual([301, "/chat/"]);
    const anna = await enter(port, "anna", "#lobby");
    const otto = await connectWeb(otherPort, "/chat/irc");
    await otto.register("otto");
    await otto.join("#lobby");
    await anna.said(/^:otto!\S+ JOIN /);
  });
});

test("a client that asks for no subprotocol is served all the same", async () => {
  const { webPort } = startChat();
  const socket = new WebSocket(`ws://127.0.0.1:${webPort}/irc`);
  const closed = once(socket, "close");
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  const welcomed = new Promise<void>((resolve) => {
    socket.on("message", (data) => / 001 /.test(String(data)) && resolve());
  });
  socket.send("NICK plain");
  socket.send("USER plain 0 * :plain");
  await welcomed;
  socket.close();
  await closed;
});
