/** Members that do not read: they are cut at a limit, and nobody waits for them. */
import { expect, test } from "vitest";
import { SENDQ_BYTES_MAX } from "../../../src/demos/chat/limits.js";
import { tinyClient } from "../echo-peers.js";
import { connectWeb, enter, type LineClient, startChat } from "./chat-peers.js";

const LINES_AT_ONCE = 20;
const LINE = `PRIVMSG #lobby :${"x".repeat(400)}`;
/** What the kernel holds for a connection may be megabytes, and a limit of our own above that. */
const ROUNDS_MAX = 4000;

/** Says lines, and waits until another member has read them: so often until it has read this. */
async function sayUntil(speaker: LineClient, member: LineClient, end: RegExp): Promise<void> {
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    member.log.forget();
    speaker.say(...Array(LINES_AT_ONCE).fill(LINE));
    await member.said(/ PRIVMSG /, LINES_AT_ONCE);
    if (member.log.count(end) > 0) return;
  }
  throw new Error("The member that does not read is still in");
}

test("a member that never reads is dropped with a reason; the others hear every line", async () => {
  const limits = { sendQBytesMax: 64 * 1024 };
  const { port, server, log } = startChat({ limits, floodLimits: false });
  const speaker = await enter(port, "anna", "#lobby");
  const member = await enter(port, "otto", "#lobby");
  const slow = tinyClient(port);
  slow.send(Buffer.from("NICK slow\r\nUSER slow 0 * :slow\r\nJOIN #lobby\r\n"));
  await member.said(/^:slow!\S+ JOIN #lobby$/);
  await sayUntil(speaker, member, /^:slow!\S+ QUIT :.*Max SendQ exceeded$/);
  await member.sync();
  expect(member.log.count(/^:slow!\S+ QUIT /)).toBe(1);
  expect(server.stats()).toMatchObject({ sendQExceeded: 1, connections: 2 });
  expect(log.count(/^CLOSED \S+ slow: Max SendQ exceeded$/)).toBe(1);
  await speaker.sync();
  expect(speaker.log.count(/^:slow!\S+ QUIT /)).toBe(1);
});

test("so is a browser that never reads", async () => {
  const limits = { sendQBytesMax: 64 * 1024 };
  const { port, webPort, server } = startChat({ limits, floodLimits: false });
  const speaker = await enter(port, "anna", "#lobby");
  const member = await enter(port, "otto", "#lobby");
  const slow = await connectWeb(webPort);
  await slow.register("slow");
  await slow.join("#lobby");
  slow.socket.pause();
  await sayUntil(speaker, member, /^:slow!\S+ QUIT :.*Max SendQ exceeded$/);
  expect(server.stats()).toMatchObject({ sendQExceeded: 1, webConnections: 0 });
  slow.socket.resume();
  expect(await slow.closed).toMatchObject({ code: 1006 });
});

test("who reads late, yet in time, gets everything", async () => {
  const { port, server } = startChat({ floodLimits: false });
  const speaker = await enter(port, "anna", "#lobby");
  const late = await enter(port, "late", "#lobby");
  late.socket.pause();
  // As much as the limit, though some of it is in the kernel.
  const count = Math.floor(
    SENDQ_BYTES_MAX / Buffer.byteLength(`:anna!~anna@127.0.0.1 ${LINE}\r\n`),
  );
  for (let said = 0; said < count; said += LINES_AT_ONCE) {
    speaker.log.forget();
    speaker.say(...Array(Math.min(LINES_AT_ONCE, count - said)).fill(LINE));
    await speaker.sync();
  }
  late.socket.resume();
  await late.said(/ PRIVMSG /, count);
  expect(server.stats().sendQExceeded).toBe(0);
});

test("a member that asks for more than it reads is cut, too", async () => {
  const limits = { sendQBytesMax: 64 * 1024 };
  const { port, server, log } = startChat({ limits, floodLimits: false });
  const greedy = tinyClient(port);
  greedy.send(Buffer.from("NICK greedy\r\nUSER greedy 0 * :greedy\r\n"));
  const other = await enter(port, "otto");
  const wish = Buffer.from("LUSERS\r\nMOTD\r\nVERSION\r\n".repeat(50));
  while (log.count(/^CLOSED /) === 0) {
    try {
      greedy.send(wish);
    } catch {
      break; // it was reset
    }
    other.log.forget();
    await other.sync();
  }
  await log.said(/^CLOSED \S+ greedy: Max SendQ exceeded$/);
  expect(server.stats().sendQExceeded).toBe(1);
});

test("one that was told to go and does not read is cut after a while, and not before", async () => {
  const { port, log, server } = startChat({ limits: { closeMs: 100 }, floodLimits: false });
  const deaf = tinyClient(port);
  const started = performance.now();
  deaf.send(Buffer.from("QUIT :bye\r\n"));
  await log.said(/^CLOSED /);
  expect(performance.now() - started).toBeGreaterThanOrEqual(100);
  expect(server.stats().connections).toBe(0);
});
