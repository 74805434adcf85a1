/** IRC as a person speaks it who has only nc, and what a person gets wrong. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { LineLog } from "../echo-peers.js";
import { named } from "../http/outside-tool.js";
import { connectLines, enter, startChat } from "./chat-peers.js";
import { whyNoNetcat } from "./real-clients.js";

const missing = whyNoNetcat();

describe.skipIf(missing)(named("nc", missing), () => {
  test("joins a room by hand, with bare LF, and talks to those who are in it", async () => {
    const { port } = startChat();
    const anna = await enter(port, "anna", "#lobby");
    const nc = spawn("nc", ["127.0.0.1", String(port)], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void nc.kill());
    const heard = new LineLog();
    createInterface(nc.stdout).on("line", (line) => heard.add(line));
    nc.stdin.write("NICK hand\nUSER me 0 * :By Hand\nJOIN #lobby\n");
    await anna.said(/^:hand!\S+ JOIN :?#lobby$/);
    nc.stdin.write("PRIVMSG #lobby :hello, all\n");
    await anna.said(/^:hand!\S+ PRIVMSG #lobby :hello, all$/);
    anna.say("PRIVMSG hand :and hello to you", "PRIVMSG #lobby :all of you");
    await anna.sync();
    nc.stdin.write("FROBNICATE\nQUIT :that was it\n");
    await anna.said(/^:hand!\S+ QUIT :.*that was it$/);
    await heard.said(/^ERROR :Closing Link: 127\.0\.0\.1 /);
    expect(heard.count(/^:\S+ 001 hand :/)).toBe(1);
    expect(heard.count(/^:anna!\S+ PRIVMSG hand :and hello to you$/)).toBe(1);
    expect(heard.count(/^:anna!\S+ PRIVMSG #lobby :all of you$/)).toBe(1);
    expect(heard.count(/^:\S+ 421 hand FROBNICATE :/)).toBe(1);
    const closed = once(nc, "close");
    nc.stdin.end(); // it ends with its input only
    await closed;
  });

  test("sends everything at once, ends its side and reads the answers (nc -N)", async () => {
    const { port } = startChat();
    const anna = await enter(port, "anna", "#lobby");
    const nc = spawn("nc", ["-N", "127.0.0.1", String(port)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const answers = text(nc.stdout);
    nc.stdin.end("NICK once\r\nUSER u 0 * :u\r\nJOIN #lobby\r\nPRIVMSG #lobby :one line\r\nPING x");
    await anna.said(/^:once!\S+ PRIVMSG #lobby :one line$/);
    await anna.said(/^:once!\S+ QUIT :.*Client closed connection$/);
    const said = await answers;
    expect(said).toMatch(/ 366 once #lobby /);
    expect(said).not.toMatch(/PONG/); // a rest without a line end is no line
    if (nc.exitCode === null) await once(nc, "close");
    expect(nc.exitCode).toBe(0);
  });
});

describe("a line that is none", () => {
  test("because it is too long is answered with 417, and the connection goes on", async () => {
    const { port } = startChat();
    const anna = await enter(port, "anna", "#lobby");
    const otto = await enter(port, "otto", "#lobby");
    const longest = `PRIVMSG #lobby :${"x".repeat(510 - 16)}`;
    anna.say(
      longest,
      `${longest}y`,
      `PRIVMSG #lobby :${"z".repeat(100_000)}`,
      "PRIVMSG #lobby :on",
    );
    await otto.said(/ :on$/);
    expect(otto.lines.filter((line) => / PRIVMSG /.test(line))).toHaveLength(2);
    await anna.sync();
    expect(anna.log.count(/^:\S+ 417 anna :/)).toBe(2);
    // What is passed on is cut, for it has the sender in front.
    for (const line of otto.lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(510);
  });

  test("because of a NUL or a stray CR is dropped, with a word, and never becomes two", async () => {
    const { port } = startChat();
    const anna = await enter(port, "anna", "#lobby");
    const otto = await enter(port, "otto", "#lobby");
    anna.say("PRIVMSG #lobby :one\rQUIT :two", "PRIVMSG #lobby :nul\0", "PRIVMSG #lobby :after");
    await otto.said(/ :after$/);
    expect(otto.lines.filter((line) => / (PRIVMSG|QUIT) /.test(line))).toHaveLength(1);
    await anna.sync();
    expect(anna.log.count(/^(ERROR|:\S+ NOTICE) /)).toBeGreaterThanOrEqual(2);
  });

  test("because it is garbage leaves the server as it was", async () => {
    const { port, log } = startChat({ floodLimits: false });
    const garbage = await connectLines(port);
    let state = 7;
    for (let n = 0; n < 50; n += 1) {
      const bytes = Buffer.alloc(2000);
      for (let at = 0; at < bytes.length; at += 1) {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        bytes[at] = state >> 16;
      }
      garbage.socket.write(bytes);
    }
    garbage.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    garbage.socket.end();
    await log.said(/^CLOSED /);
    const anna = await enter(port, "anna", "#lobby");
    await anna.sync();
  });
});

test("what a person without a name does is answered with words", async () => {
  const { port } = startChat();
  const nobody = await connectLines(port);
  nobody.say("JOIN #lobby", "", "NICK", "NICK 1st", "USER", "QUIT");
  await nobody.closed;
  expect(nobody.lines.join("\n")).toMatch(/ 451 .* :/);
  expect(nobody.lines.join("\n")).toMatch(/ 431 .* :/);
  expect(nobody.lines.join("\n")).toMatch(/ 432 .* :/);
  expect(nobody.lines.join("\n")).toMatch(/ 461 .* :/);
  expect(nobody.lines.at(-1)).toMatch(/^ERROR :Closing Link: 127\.0\.0\.1 /);
});
