/**
 * Programs that people chat with, each in a folder of its own, so that nothing of this machine's
 * configuration counts and nothing of it is changed. They talk to 127.0.0.1 alone.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { whyMissing } from "../http/outside-tool.js";

/** OpenBSD's, which has -N; others have other ways to end their side. */
export function whyNoNetcat(): string | undefined {
  const { error, stderr, stdout } = spawnSync("nc", ["-h"], { encoding: "utf8" });
  const isOpenBsd = error === undefined && /\bOpenBSD\b/.test(stderr + stdout);
  return isOpenBsd ? undefined : "OpenBSD's nc is missing: apt-get install netcat-openbsd";
}

/** irssi needs a terminal, which script(1) gives it. */
export function whyNoIrssi(): string | undefined {
  return whyMissing("irssi", "--version", "irssi") ?? whyMissing("script", "--version", "bsdutils");
}

export function whyNoWeechat(): string | undefined {
  return whyMissing("weechat-headless", "--version", "weechat-headless");
}

/** A client that a test types into, and looks at. */
export interface RealClient {
  /** Types a line. */
  type(line: string): void;
  /** Settles when this has been shown. */
  shows(text: string): Promise<void>;
}

/** Connected as `nick`. */
export function startIrssi(port: number, nick: string): RealClient {
  const home = ownFolder();
  writeFileSync(
    join(home, "startup"),
    `/set cmd_queue_speed 10msec\n/connect -notls 127.0.0.1 ${port} "" ${nick}\n`,
  );
  const command = `stty cols 200 rows 50; exec irssi --home=${home}`;
  const child = spawn("script", ["-qfec", command, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, HOME: home, TERM: "xterm" },
  });
  endWithTest(child); // the terminal goes with script, and irssi with the terminal
  let screen = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
  });
  return {
    type: (line) => void child.stdin.write(`${line}\r`),
    async shows(text) {
      while (!screen.includes(text)) await once(child.stdout, "data");
    },
  };
}

/** The room's buffer of one that was told to join it. */
const WEECHAT_LOG = "logs/irc.chat.";
/** Its log is looked into so often; it cannot be waited for. */
const LOOK_MS = 20;

/** Connected as `nick`, and in the room. */
export function startWeechat(port: number, nick: string, room: string): RealClient {
  const home = ownFolder();
  const commands = [
    `/set irc.server_default.nicks "${nick}"`,
    "/set logger.file.flush_delay 0",
    `/server add chat 127.0.0.1/${port} -notls -autojoin=${room}`,
    "/connect chat",
  ];
  const args = ["--dir", home, ...commands.flatMap((command) => ["--run-command", command])];
  const child = spawn("weechat-headless", args, {
    stdio: "ignore",
    env: { ...process.env, HOME: home },
  });
  endWithTest(child);
  return {
    type(line) {
      const fifo = readdirSync(home).find((name) => name.startsWith("weechat_fifo_"));
      if (fifo === undefined) throw new Error("weechat has no FIFO");
      appendFileSync(join(home, fifo), `irc.chat.${room} *${line}\n`);
    },
    async shows(text) {
      const log = join(home, `${WEECHAT_LOG}${room}.weechatlog`);
      while (!existsSync(log) || !readFileSync(log, "utf8").includes(text)) await delay(LOOK_MS);
    },
  };
}

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "socket-reactor-chat-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function endWithTest(child: ChildProcess): void {
  const closed = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await closed;
  });
}
