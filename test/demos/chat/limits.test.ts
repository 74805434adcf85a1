/** What the server allows a connection, and what it says when that is over. */
import { performance } from "node:perf_hooks";
import { describe, expect, test } from "vitest";
import { tinyClient } from "../echo-peers.js";
import { connectLines, connectWeb, enter, startChat } from "./chat-peers.js";

describe("connections", () => {
  test("above the limit are told so, by TCP and by WebSocket, and let in when there is room", async () => {
    const { port, webPort, server, log } = startChat({ limits: { connectionsMax: 2 } });
    const anna = await enter(port, "anna");
    await enter(port, "otto");
    const third = await connectLines(port);
    third.say("NICK third"); // unread bytes must not make the answer a reset
    expect(await third.closed).toBe(undefined);
    expect(third.lines).toEqual([
      "ERROR :Closing Link: 127.0.0.1 (The server is full, try again later)",
    ]);
    const web = await connectWeb(webPort);
    expect(await web.closed).toMatchObject({ code: 1013 });
    expect(web.lines).toEqual(third.lines);
    expect(server.stats()).toMatchObject({ connections: 2, refused: 2 });
    anna.socket.end();
    await log.said(/^CLOSED /);
    await enter(port, "third");
  });

  test("of one address have a limit", async () => {
    const { port, webPort } = startChat({ limits: { connectionsPerAddressMax: 2 } });
    await enter(port, "anna");
    const web = await connectWeb(webPort);
    await web.register("otto");
    const third = await connectLines(port);
    await third.closed;
    expect(third.lines).toEqual([
      "ERROR :Closing Link: 127.0.0.1 (Too many connections from your address)",
    ]);
  });
});

describe("deadlines", () => {
  test("who does not say who it is is sent away, never early", async () => {
    const started = performance.now();
    const { port } = startChat({ limits: { registrationMs: 120 } });
    const [silent, half] = await Promise.all([connectLines(port), connectLines(port)]);
    half.say("NICK half", "PING x");
    await Promise.all([silent.closed, half.closed]);
    expect(performance.now() - started).toBeGreaterThanOrEqual(120);
    for (const { lines } of [silent, half]) {
      expect(lines.at(-1)).toBe("ERROR :Closing Link: 127.0.0.1 (Registration timed out)");
    }
  });

  test("who is silent is asked, and stays as long as it answers", async () => {
    const { port, server } = startChat({ limits: { pingAfterMs: 40, pongWithinMs: 2000 } });
    const anna = await enter(port, "anna", "#lobby");
    for (let n = 1; n <= 3; n += 1) {
      const before = performance.now();
      await anna.said(/^(:\S+ )?PING /, n);
      expect(performance.now()).toBeGreaterThan(before);
      const token = /PING (.*)$/.exec(anna.lines.filter((line) => /PING /.test(line)).at(-1) ?? "");
      anna.say(`PONG ${token?.[1]}`);
    }
    await anna.sync();
    expect(server.stats().pingTimeouts).toBe(0);
  });

  test("who does not answer is given up, never early, and the others read why", async () => {
    const limits = { pingAfterMs: 1000, pongWithinMs: 1000 };
    const { port, server, log } = startChat({ limits });
    const anna = await enter(port, "anna", "#lobby");
    const answering = anna.said(/PING /).then(() => {
      for (let n = 0; n < 100; n += 1) anna.say("PONG x");
    });
    const started = performance.now();
    const otto = await enter(port, "otto", "#lobby");
    await answering;
    await anna.said(/^:otto!\S+ QUIT :.*Ping timeout: 2 seconds$/);
    expect(performance.now() - started).toBeGreaterThanOrEqual(2000);
    expect(await otto.closed).toBe(undefined);
    expect(otto.lines.at(-1)).toBe("ERROR :Closing Link: 127.0.0.1 (Ping timeout: 2 seconds)");
    expect(server.stats().pingTimeouts).toBe(1);
    await log.said(/^CLOSED \S+ otto: Ping timeout: 2 seconds$/);
  });

  test("who has ended its side and does not read the answers is cut, too", async () => {
    const limits = { pingAfterMs: 200, pongWithinMs: 200 };
    const { port, server, log } = startChat({ limits, floodLimits: false });
    const greedy = tinyClient(port);
    greedy.send(Buffer.from("NICK greedy\r\nUSER greedy 0 * :greedy\r\n"));
    const other = await enter(port, "otto");
    const isWaitedFor = (): boolean =>
      [...server.listener.streams].some(({ pendingBytes }) => pendingBytes > 0);
    while (!isWaitedFor()) {
      greedy.send(Buffer.from("LUSERS\r\n".repeat(50)));
      await other.sync();
    }
    greedy.shutdown("write");
    await log.said(/^CLOSED \S+ greedy: Client closed connection$/);
  });

  test("are not the peer's fault when this process was busy", async () => {
    const { port, server } = startChat({ limits: { pingAfterMs: 50, pongWithinMs: 200 } });
    const anna = await enter(port, "anna", "#lobby");
    await anna.said(/^(:\S+ )?PING /);
    anna.say("PONG x"); // it is in the kernel now, and nobody reads it
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    await anna.sync();
    expect(server.stats()).toMatchObject({ pingTimeouts: 0, connections: 1 });
  });

  test("nor are they of who was about to say who it is", async () => {
    const { port } = startChat({ limits: { registrationMs: 1000 } });
    const anna = await connectLines(port);
    await anna.sync();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    await anna.register("anna");
    expect(anna.log.count(/^ERROR /)).toBe(0);
  });

  test("cost a hundred idle connections one timer", async () => {
    const { port, reactor } = startChat();
    const before = reactor.stats().timers;
    await Promise.all(Array.from({ length: 100 }, (_, n) => enter(port, `u${n}`, "#lobby")));
    expect(reactor.stats().timers - before).toBe(1);
  });
});

describe("floods", () => {
  test("are slowed down and lose nothing, and nobody else waits", async () => {
    const limits = { floodBurstLines: 10, floodLinesPerSecond: 100 };
    const { port, server } = startChat({ limits });
    const otto = await enter(port, "otto", "#lobby");
    const anna = await enter(port, "anna", "#lobby");
    const started = performance.now();
    anna.say(...Array.from({ length: 60 }, (_, n) => `PRIVMSG #lobby :line ${n}`));
    await otto.sync(); // another is served meanwhile
    await otto.said(/^:anna!\S+ PRIVMSG #lobby :line 59$/);
    const lines = otto.lines.filter((line) => / PRIVMSG /.test(line));
    expect(lines.map((line) => Number(/\d+$/.exec(line)?.[0]))).toEqual([...Array(60).keys()]);
    // A full bucket at once, and each other line its time.
    expect(performance.now() - started).toBeGreaterThanOrEqual(((60 - 10) * 1000) / 100 - 10);
    await anna.sync();
    expect(server.stats().held).toBeLessThanOrEqual(1);
  });

  test("are heard to their end, though the peer has ended its side", async () => {
    const limits = { floodBurstLines: 10, floodLinesPerSecond: 200 };
    const { port } = startChat({ limits });
    const otto = await enter(port, "otto", "#lobby");
    const anna = await enter(port, "anna", "#lobby");
    anna.say(...Array.from({ length: 60 }, (_, n) => `PRIVMSG #lobby :line ${n}`));
    anna.socket.end("PING last\r\nand a rest that is no line");
    await otto.said(/^:anna!\S+ QUIT :Client closed connection$/);
    expect(otto.log.count(/ PRIVMSG /)).toBe(60);
    await anna.closed;
    expect(anna.log.count(/ PONG \S+ :?last$/)).toBe(1); // what it asked for it is still told
  });

  test("by WebSocket, too", async () => {
    const limits = { floodBurstLines: 10, floodLinesPerSecond: 100 };
    const { port, webPort } = startChat({ limits });
    const otto = await enter(port, "otto", "#lobby");
    const anna = await connectWeb(webPort);
    await anna.register("anna");
    await anna.join("#lobby");
    const started = performance.now();
    anna.say(...Array.from({ length: 40 }, (_, n) => `PRIVMSG #lobby :line ${n}`));
    await otto.said(/^:anna!\S+ PRIVMSG #lobby :line 39$/);
    expect(performance.now() - started).toBeGreaterThanOrEqual(((40 - 10) * 1000) / 100 - 10);
  });

  test("are nobody's business with floodLimits: false", async () => {
    const { port, server } = startChat({ floodLimits: false });
    const otto = await enter(port, "otto", "#lobby");
    const anna = await enter(port, "anna", "#lobby");
    anna.say(...Array.from({ length: 5000 }, (_, n) => `PRIVMSG #lobby :line ${n}`));
    await otto.said(/^:anna!\S+ PRIVMSG #lobby :line 4999$/);
    expect(otto.log.count(/ PRIVMSG /)).toBe(5000);
    expect(server.stats().held).toBe(0);
  });

  test("who waits and leaves is forgotten", async () => {
    const limits = { floodBurstLines: 5, floodLinesPerSecond: 1 };
    const { port, server, log } = startChat({ limits });
    const flooding = await connectLines(port);
    flooding.say(...Array.from({ length: 100 }, () => "PING x"));
    await flooding.said(/PONG/);
    expect(server.stats().held).toBe(1);
    flooding.socket.resetAndDestroy();
    // Its next turn finds that it is gone, with what it had said.
    await log.said(/^CLOSED .*: Connection reset by peer$/);
    expect(server.stats()).toMatchObject({ held: 0, connections: 0 });
  });

  test("who floods and vanishes is found out long before all of it is heard", async () => {
    const limits = { floodBurstLines: 5, floodLinesPerSecond: 1, pingAfterMs: 40 };
    const { port, server, log } = startChat({ limits });
    const flooding = await enter(port, "flooding");
    // More than is taken from the kernel in advance: half a day of lines.
    await new Promise((resolve) => flooding.socket.write("\n".repeat(50_000), resolve));
    flooding.socket.resetAndDestroy();
    await log.said(/^CLOSED \S+ flooding: Connection reset by peer$/);
    expect(server.stats()).toMatchObject({ held: 0, connections: 0, users: 0 });
  });
});
