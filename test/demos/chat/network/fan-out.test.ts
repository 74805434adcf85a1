/** One message to many: encoded once for each kind of connection, told once to each. */
import { describe, expect, test } from "vitest";
import { ChatNetwork } from "../../../../src/demos/chat/network/chat-network.js";
import { enter } from "./memory-peer.js";

describe("a message to a room", () => {
  test("is one line for all, and a second one for those with server-time", () => {
    const network = new ChatNetwork();
    const sender = enter(network, "sender", "");
    const plain = [1, 2, 3].map((n) => enter(network, `plain${n}`, ""));
    const timed = [1, 2, 3].map((n) => enter(network, `timed${n}`, "server-time"));
    const all = [sender, ...plain, ...timed];
    for (const { session } of all) session.receive("JOIN #a");
    for (const { peer } of all) peer.take();
    const before = network.stats().delivered;
    sender.session.receive("PRIVMSG #a :hello");
    expect(sender.peer.lines).toEqual([]);
    for (const group of [plain, timed]) {
      const lines = group.map(({ peer }) => peer.lines);
      expect(lines.map((got) => got.length)).toEqual([1, 1, 1]);
      expect(new Set(lines.flat()).size).toBe(1);
    }
    expect(timed[0]?.peer.lines[0]?.text).toMatch(
      /^@time=\S{24} :sender!~u@127\.0\.0\.1 PRIVMSG #a :hello$/,
    );
    expect(network.stats().delivered - before).toBe(6);
    expect(plain[0]?.peer.lines[0]?.line).toBe(plain[1]?.peer.lines[0]?.line);
  });

  test("to 1,000 members allocates nothing for each", () => {
    const network = new ChatNetwork();
    let received = 0;
    const send = (): void => {
      received += 1;
    };
    const peer = { host: "h", send, close: () => {} };
    const sessions = Array.from({ length: 1001 }, (_, n) => {
      const session = network.connect(peer);
      for (const line of [`NICK n${n}`, "USER u 0 * :x"]) session.receive(line);
      return session;
    });
    // Each JOIN is told to all who are there: the order makes half a million lines of it.
    for (const session of sessions) session.receive("JOIN #a");
    const [sender] = sessions;
    const say = (): void => sender?.receive("PRIVMSG #a :hello");
    for (let n = 0; n < 300; n += 1) say(); // until it is compiled, and the history full
    received = 0;
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 50; n += 1) say();
    const perMember = (process.memoryUsage().heapUsed - before) / 50_000;
    expect(received).toBe(50_000);
    // The message itself costs some KiB, which is a few bytes for each member; an object or a
    // closure for each would be 32 and more. A collection in between makes it less than nothing.
    expect(perMember).toBeLessThan(16);
  });

  test("that is too long for the line it becomes is cut at a character's border", () => {
    const network = new ChatNetwork();
    const nick = "ж".repeat(30);
    const room = `#${"世".repeat(33)}`;
    const sender = enter(network, nick, "");
    const other = enter(network, "other", "server-time");
    for (const { session } of [sender, other]) session.receive(`JOIN ${room}`);
    other.peer.take();
    sender.session.receive(`PRIVMSG ${room} :${"世".repeat(130)}`);
    const [line = ""] = other.peer.take();
    const text = line.replace(/^@\S+ /, "");
    expect(Buffer.byteLength(text)).toBeGreaterThan(507);
    expect(text).toMatch(/ :世+$/);
  });
});

describe("long lists", () => {
  test("of names, rooms and people come in several lines", () => {
    const network = new ChatNetwork();
    const alice = enter(network, "alice", "");
    for (let n = 0; n < 60; n += 1) {
      enter(network, `somebody-called-${n}`, "").session.receive("JOIN #a");
    }
    alice.session.receive("JOIN #a");
    const names = alice.peer.take().filter((line) => line.includes(" 353 "));
    expect(names.length).toBeGreaterThan(2);
    expect(names.flatMap((line) => line.split(" :")[1]?.split(" ") ?? [])).toHaveLength(61);
    for (let n = 0; n < 40; n += 1) alice.session.receive(`JOIN #a-room-with-a-name-${n}`);
    alice.peer.take();
    alice.session.receive("WHOIS alice");
    const rooms = alice.peer.take().filter((line) => line.includes(" 319 "));
    expect(rooms.length).toBeGreaterThan(1);
    expect(rooms.flatMap((line) => line.split(" :")[1]?.split(" ") ?? [])).toHaveLength(41);
  });

  test("of changed modes, too", () => {
    const network = new ChatNetwork();
    const nick = "ж".repeat(30);
    const alice = enter(network, nick, "");
    const room = `#${"世".repeat(33)}`;
    alice.session.receive(`JOIN ${room}`);
    alice.peer.take();
    const masks = ["a", "b", "c", "d"].map((letter) => letter.repeat(90));
    alice.session.receive(`MODE ${room} +bb ${masks.slice(0, 2).join(" ")}`);
    alice.session.receive(`MODE ${room} +bb ${masks.slice(2).join(" ")}`);
    expect(alice.peer.take().join("\n")).toMatch(/a{90}.*b{90}.*\n.*c{90}.*d{90}/);
    for (const mask of masks)
      expect([...network.rooms()][0]?.masks.b.has(`${mask}!*@*`)).toBe(true);
    const other = new ChatNetwork();
    const watcher = enter(other, "watcher", "");
    watcher.session.receive(`JOIN ${room}`);
    watcher.peer.take();
    for (const act of network.snapshot()) other.apply(act);
    const told = watcher.peer.take().filter((line) => line.includes(" MODE "));
    expect(told.length).toBeGreaterThan(1);
    for (const mask of masks) expect(told.join(" ")).toContain(` ${mask}!*@*`);
  });
});

test("history is bounded in lines and in bytes", () => {
  const network = new ChatNetwork({ limits: { historyBytesMax: 1000 } });
  const alice = enter(network, "alice", "");
  alice.session.receive("JOIN #a");
  for (let n = 0; n < 50; n += 1) alice.session.receive(`PRIVMSG #a :${n} ${"x".repeat(200)}`);
  const reader = enter(network, "reader", "batch server-time");
  reader.session.receive("JOIN #a");
  const said = reader.peer.take().filter((line) => line.startsWith("@batch="));
  expect(said.length).toBe(4);
  expect(said.at(-1)).toContain(":49 x");
});
