// The chat bench: its load against good and bad servers, its tables, the shortest run.
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { canCompile, compile } from "../../bench/build.mjs";
import { formatChat, formatStalled, toChatRound } from "../../bench/chat-report.mjs";
import { runToEnd, startServer } from "../../bench/children.mjs";

const possible = canCompile();
const isBuilt = existsSync(new URL("../../dist/index.js", import.meta.url));
const bench = fileURLToPath(new URL("../../bench/", import.meta.url));
/** Against a hang: a run starts several processes, and takes ten times as long on a busy machine. */
const TIMEOUT_MS = 60_000;
vi.setConfig({ testTimeout: TIMEOUT_MS });

if (possible !== true) console.log(`Parts of test/bench/chat.test.ts are skipped: ${possible}`);
if (!isBuilt) console.log("Parts of test/bench/chat.test.ts are skipped: dist/ is not built");

async function load(port: number, protocol: string, pid: number, ...windows: string[]) {
  const numbers = ["0.02", "0.2", String(pid), ...windows];
  const args = ["127.0.0.1", String(port), protocol, "20", ...numbers];
  const { stdout, how } = await runToEnd({ file: compile("chatload.c"), args }, TIMEOUT_MS);
  return { result: JSON.parse(stdout), how };
}

describe.skipIf(possible !== true)("chatload", () => {
  const node = (server: string, ...args: string[]) => {
    return () => ({ file: process.execPath, args: [`${bench}servers/${server}`, ...args] });
  };

  it.each([
    ["c-fanout", "irc", () => ({ file: compile("servers/c-fanout.c"), args: [] })],
    ["node-net", "irc", node("node-net-chat.mjs")],
    ["node-net, each line a write", "irc", node("node-net-chat.mjs", "--no-cork")],
    ["ws", "websocket", node("ws-chat.mjs")],
  ])("counts what %s delivers, with and without a stalled client", async (_, protocol, command) => {
    const server = await startServer(command());
    const { result, how } = await load(server.port, protocol, server.pid, "1", "3", "3s");
    expect(await server.stop()).toBe(undefined);
    expect(how, result.error).toContain("code 0");
    expect(result.windows).toMatchObject([
      { senders: 1, stalled: 0, stalledWaiting: 0, error: "" },
      { senders: 3, stalled: 0, stalledWaiting: 0, error: "" },
      { senders: 3, stalled: 1, error: "" },
    ]);
    for (const { messages, delivered, latencyUs, stalled, server } of result.windows) {
      expect(messages).toBeGreaterThan(0);
      // Those of a message that was under way when the window began were counted in part.
      expect(delivered).toBeGreaterThan((messages - 3) * (19 - stalled));
      expect(delivered).toBeLessThan((messages + 3) * (19 - stalled));
      expect(latencyUs.p50).toBeGreaterThan(0);
      expect(server.cpuNs).toBeGreaterThan(0);
    }
    // Its buffers are full, and the server's kernel keeps what it does not read.
    expect(result.windows[2].stalledWaiting).toBeGreaterThan(0);
  });

  /** A room that does wrong: `relay` is to send a line to everybody but the one who says it. */
  async function serve(relay: (others: Socket[], line: string) => void): Promise<number> {
    const room: Socket[] = [];
    const server = createServer((socket) => {
      let nick = "";
      socket.on("error", () => socket.destroy());
      socket.on("data", (bytes) => {
        for (const line of String(bytes).split("\r\n")) {
          if (line.startsWith("NICK ")) nick = line.slice(5);
          if (line.startsWith("USER ")) socket.write(`:c 001 ${nick} :Welcome\r\n`);
          if (line.startsWith("JOIN ")) {
            room.push(socket);
            socket.write(`:c 366 ${nick} #bench :End\r\n`);
          }
          const others = room.filter((other) => other !== socket);
          if (line.startsWith("PRIVMSG ")) relay(others, `:${nick}!u@h ${line}\r\n`);
        }
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(async () => {
      for (const socket of room) socket.destroy();
      await once(server.close(), "close");
    });
    return (server.address() as AddressInfo).port;
  }

  it.each<[string, (others: Socket[], line: string) => void, RegExp]>([
    [
      "a line that comes twice",
      (others, line) => {
        for (const socket of others) socket.write(line + line);
      },
      /^A line came twice or too late$/,
    ],
    [
      "a changed text",
      (others, line) => {
        for (const socket of others) socket.write(line.replace("xx\r", "xy\r"));
      },
      /^Somebody got a line that nobody sent$/,
    ],
    [
      "another sender's name",
      (others, line) => {
        for (const socket of others) socket.write(line.replace("b00000", "b00001"));
      },
      /^Somebody got a line that nobody sent$|^A line came twice or too late$/,
    ],
    [
      "a client that is turned out",
      (others, line) => {
        for (const socket of others) socket.write(line);
        others[0]?.end();
      },
      /^The server closed a connection$/,
    ],
    [
      "a refusal in words",
      (others) => others[0]?.write(':c 404 b00001 #bench :Cannot "send"\r\n'),
      /^The server says: :c 404 b00001 #bench :Cannot 'send'$/,
    ],
  ])("reports %s", async (_name, relay, error) => {
    const port = await serve(relay);
    const { result, how } = await load(port, "irc", process.pid, "1");
    expect(how).toContain("code 1");
    expect(result).toMatchObject({ errors: 1, error: expect.stringMatching(error) });
  });

  const good = ["127.0.0.1", "80", "irc", "20", "0", "1", "1"];
  it.each([
    ["another machine", ["192.0.2.1", ...good.slice(1), "1"], "127.0.0.0/8"],
    ["another protocol", good.with(2, "smtp").concat("1"), 'irc or websocket, not "smtp"'],
    ["more senders than clients", [...good, "19"], "WINDOW must be a number from 1 to 18"],
    ["one that stalls and reads again", [...good, "1s", "1"], "must come last"],
    ["too few arguments", good, "Usage: chatload"],
  ])("refuses %s", async (_name, args, message) => {
    const { stdout, how } = await runToEnd({ file: compile("chatload.c"), args }, TIMEOUT_MS);
    expect(stdout).toBe("");
    expect(how).toContain("code 2");
    expect(how).toContain(message);
  });

  it.skipIf(!isBuilt)("takes part in a run (needs dist/)", async () => {
    const shortest = ["--rounds", "1", "--seconds", "0.1", "--warmup", "0"];
    const size = ["--clients", "12", "--senders", "2"];
    const names = "c-fanout,chat,node-net,chat-web,ws";
    const args = [`${bench}run.mjs`, "chat", "--contestants", names, ...size, ...shortest];
    const { stdout, how } = await runToEnd({ file: process.execPath, args }, TIMEOUT_MS);
    expect(how, stdout).toContain("code 0");
    for (const name of names.split(",")) {
      expect(stdout).toMatch(new RegExp(`^\\| ${name} +\\| +[0-9.]+ \\| .* \\|$`, "m"));
    }
    expect(stdout).toMatch(/^## 2 senders, one client stalled$/m);
  });
});

const usage = { cpuNs: 2e8, userTicks: 1, systemTicks: 3, rssBytes: 2 ** 20 };

function windowOf(senders: number, stalled: number, p50: number, stalledWaiting = 0) {
  return {
    ...{
      senders,
      stalled,
      stalledWaiting,
      delivered: 20_000,
      receipts: 5000,
      seconds: 0.5,
      server: usage,
    },
    latencyUs: { p50, p99: 2 * p50 },
    eachUs: { p50: p50 / 2, p99: p50 },
    ...{ generatorPercent: 50, othersPercent: 0, stolenPercent: 0 },
  };
}

const line = (...windows: object[]) =>
  JSON.stringify({ enteringSeconds: 1.5, windows, errors: 0, error: "" });

describe("the tables of the chat bench", () => {
  const rounds = [1000, 9000, 2000].map((p50) =>
    toChatRound(line(windowOf(1, 0, p50), windowOf(1, 1, 2 * p50, 3072)), ""),
  );
  const bad = toChatRound('{"errors":1,"error":"no luck"}', "");
  const entries = [
    { name: "a", skipped: undefined, rounds },
    { name: "b", skipped: undefined, rounds: [bad, toChatRound("", "it ended")] },
    { name: "c", skipped: "not here", rounds: [] },
  ];

  it("show medians, and what is not in them", () => {
    const lines = formatChat(1, entries).split("\n");
    const cells = lines[4]?.split("|").map((cell) => cell.trim());
    expect(cells?.slice(1, -1)).toEqual([
      ...["a", "10.0", "2.50", "7.50", "1.00", "40,000", "4.00", "2.00", "4.00", "1.00"],
      ...["40 %", "50 %", "1.50", "1.0"],
    ]);
    expect(lines.slice(-3)).toEqual([
      "- INVALID b, 1 of 2 rounds: no luck",
      "- INVALID b, 1 of 2 rounds: The generator gave no result: it ended",
      "- Skipped c: not here",
    ]);
  });

  it("set the others' waiting with a stalled client beside that without", () => {
    const cells = formatStalled(1, entries).split("\n").slice(4);
    expect(cells).toHaveLength(1);
    expect(cells[0]?.split("|").map((cell) => cell.trim())).toEqual([
      ...["", "a", "2.00", "4.00", "4.00", "8.00", "10.0", "10.0", "3.00 KiB", ""],
    ]);
  });

  it("say so when a server gives the stalled client up", () => {
    const gone = toChatRound(line(windowOf(1, 0, 1000), windowOf(1, 1, 1000, -1)), "");
    const table = formatStalled(1, [{ name: "a", skipped: undefined, rounds: [gone] }]);
    expect(table).toMatch(/\| +given up \|$/);
  });
});
