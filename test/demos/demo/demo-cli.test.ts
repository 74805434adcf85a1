/** The built `socket-reactor demo` as a person meets it: help, errors, what it says, Ctrl-C. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { supportedBackends } from "../../../src/index.js";
import { expectError, holdPort } from "../cli-errors.js";
import { listening, type RunningCli, root, runCli, start } from "../cli-process.js";
import { connectTo, pattern, receiveToEnd, roundTrip } from "../echo-peers.js";
import { ask } from "../http/demo-server.js";
import { Looker } from "./demo-peers.js";

const FREE_PORTS = ["--echo-port", "0", "--chat-port", "0", "--http-port", "0"];

interface RunningDemo extends RunningCli {
  readonly echoPort: number;
  readonly chatPort: number;
}

async function startDemo(...args: string[]): Promise<RunningDemo> {
  const running = await listening(start(["demo", ...FREE_PORTS, ...args]));
  await running.log.said(/irssi -c/);
  const portOf = (pattern: RegExp): number => {
    const line = running.log.lines.find((one) => pattern.test(one)) ?? "";
    return Number(pattern.exec(line)?.[1]);
  };
  const echoPort = portOf(/nc -N 127\.0\.0\.1 (\d+)$/);
  return { ...running, echoPort, chatPort: portOf(/irssi -c 127\.0\.0\.1 -p (\d+)$/) };
}

describe("the demo command", () => {
  test.each(["--help", "-h"])(
    "%s lists its options, its paths, and what it shows",
    async (flag) => {
      const { status, stdout, stderr } = await runCli(["demo", flag]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const options = [
        "host",
        "echo-port",
        "chat-port",
        "http-port",
        "backend",
        "drain",
        "verbose",
      ];
      for (const option of options) expect(stdout).toContain(`  --${option} `);
      for (const word of ["CLOSE_WAIT", "/live", "/api/report", "/chat/", "/http/"]) {
        expect(stdout).toContain(word);
      }
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  test.each([
    [["--port", "1"], "Unknown option '--port'"],
    [["--echo-port", "x"], '--echo-port must be an integer from 0 to 65535: "x"'],
    [["--chat-port", "65536"], '--chat-port must be an integer from 0 to 65535: "65536"'],
    [["--http-port", "-"], '--http-port must be an integer from 0 to 65535: "-"'],
    [["--echo-port", "8080"], "--echo-port and --http-port must differ: 8080"],
    [["--backend", "iocp"], "--backend must be one of"],
    [["--drain", "soon"], "--drain must be a number of seconds from 0 to 99999"],
    [["--host", ""], "--host must not be empty"],
    [["--host", "192.0.2.1"], "192.0.2.1 is not an address of this machine; try --host"],
  ])("%j is one line that says what to do, and status 1", async (args, expected) => {
    await expectError(["demo", ...args], expected);
  });

  test.each(["echo", "chat", "http"])(
    "a port that is taken: it says whose, of %s",
    async (service) => {
      const port = await holdPort();
      const option = `--${service}-port`;
      await expectError(
        ["demo", ...FREE_PORTS, option, String(port)],
        `port ${port} on 127.0.0.1, for ${service}, is taken; try another ${option}, or ${option} 0`,
      );
    },
  );

  test.each(supportedBackends())("--backend %s serves all three, and says where", async (name) => {
    const demo = await startDemo("--backend", name);
    await roundTrip(await connectTo(demo.echoPort), pattern(1, 10_000));
    const chat = await connectTo(demo.chatPort);
    chat.write("NICK anna\r\nUSER anna 0 * :Anna\r\n");
    expect(String((await once(chat, "data"))[0])).toMatch(/^:\S+ /);
    expect((await ask(demo.port, "/")).text).toContain("<h1>socket-reactor, live</h1>");
    demo.child.kill("SIGINT");
    chat.resume().on("end", () => chat.end());
    expect(await demo.ended).toMatchObject({ status: 0, stderr: "" });
  });

  test("--verbose says each answer, without colours where nobody sees them", async () => {
    const { port, log } = await startDemo("--verbose");
    await ask(port, "/live.js");
    await log.said(/^GET \/live\.js 200$/);
  });
});

describe("Ctrl-C", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("%s ends it with everything open", async (signal) => {
    const demo = await startDemo();
    const looker = await Looker.at(demo.port);
    const [idle, leaving] = [await connectTo(demo.echoPort), await connectTo(demo.echoPort)];
    await roundTrip(idle, pattern(2, 1000));
    leaving.end();
    await looker.row(leaving.localPort, "CLOSE_WAIT");
    const chat = await connectTo(demo.chatPort);
    chat.resume().on("end", () => chat.end());
    const ended = Promise.all([idle, leaving].map(receiveToEnd));
    demo.child.kill(signal);
    demo.child.kill(signal); // as npm does
    expect(await demo.ended).toMatchObject({ status: 0, signal: null, stderr: "" });
    await ended;
  });

  test("npm start: no shell stands between npm's signals and the server", async () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const command = ["sh", "-c", `${scripts.start} "$@"`, "sh"] as const;
    const demo = await listening(start(FREE_PORTS, { command }));
    demo.child.kill("SIGTERM");
    expect(await demo.ended).toMatchObject({ status: 0, signal: null, stderr: "" });
  });

  test("waits no longer than --drain says for who does not read", async () => {
    const demo = await startDemo("--drain", "0.2");
    const stalled = await connectTo(demo.echoPort);
    stalled.pause().write(pattern(3, 16 << 20));
    const looker = await Looker.at(demo.port);
    await looker.until(({ rows }) => rows.some(({ queuedBytes }) => queuedBytes > 0));
    demo.child.kill("SIGINT");
    expect(await demo.ended).toMatchObject({ status: 0, signal: null, stderr: "" });
  });
});
