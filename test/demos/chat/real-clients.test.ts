/** The programs that people chat with: they join one room, see each other, and who came with nc. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { LineLog } from "../echo-peers.js";
import { named } from "../http/outside-tool.js";
import { connectWeb, enter, startChat } from "./chat-peers.js";
import { startIrssi, startWeechat, whyNoIrssi, whyNoNetcat, whyNoWeechat } from "./real-clients.js";

const noIrssi = whyNoIrssi();
const noWeechat = whyNoWeechat();
const missing = noIrssi ?? noWeechat ?? whyNoNetcat();

/** They are programs to be started, on a machine that may be busy. */
const TIMEOUT_MS = 60_000;

describe.skipIf(missing)(named("one room", missing), { timeout: TIMEOUT_MS }, () => {
  test("of irssi, weechat, nc and a browser's WebSocket", async () => {
    const { port, webPort } = startChat({ network: { motd: ["Welcome"] } });
    const page = await connectWeb(webPort);
    await page.register("page");
    await page.join("#lobby");
    const irssi = startIrssi(port, "ilse");
    const weechat = startWeechat(port, "wanda", "#lobby");
    await page.said(/^:wanda!\S+ JOIN #lobby$/);
    await irssi.shows("End of /MOTD command");
    irssi.type("/join #lobby");
    await page.said(/^:ilse!\S+ JOIN #lobby$/);

    const nc = spawn("nc", ["127.0.0.1", String(port)], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void nc.kill());
    const hand = new LineLog();
    createInterface(nc.stdout).on("line", (line) => hand.add(line));
    nc.stdin.write("NICK hand\nUSER me 0 * :By Hand\nJOIN #lobby\n");
    await hand.said(/ 366 hand #lobby /);
    expect(hand.lines.find((line) => / 353 /.test(line))).toMatch(/ilse/);
    nc.stdin.write("PRIVMSG #lobby :said with nc\n");
    await Promise.all([irssi.shows("said with nc"), weechat.shows("hand\tsaid with nc")]);

    irssi.type("said with irssi, äöü");
    const saidByIrssi = /^:ilse!\S+ PRIVMSG #lobby :said with irssi, äöü$/;
    await Promise.all([page.said(saidByIrssi), hand.said(saidByIrssi)]);
    await weechat.shows("ilse\tsaid with irssi, äöü");

    weechat.type("said with weechat");
    const saidByWeechat = /^:wanda!\S+ PRIVMSG #lobby :said with weechat$/;
    await Promise.all([page.said(saidByWeechat), hand.said(saidByWeechat)]);
    await irssi.shows("said with weechat");

    page.say("PRIVMSG #lobby :said with a browser 🙂");
    await weechat.shows("page\tsaid with a browser 🙂");
    await irssi.shows("said with a browser");

    nc.kill("SIGKILL");
    await irssi.shows("Client closed connection");
    await weechat.shows("hand (~me@127.0.0.1) has quit (Client closed connection)");
    irssi.type("/quit good bye");
    await page.said(/^:ilse!\S+ QUIT :.*good bye$/);
    expect(page.log.count(/ (421|461) /)).toBe(0);
  });
});

describe.skipIf(noIrssi)(named("irssi", noIrssi), { timeout: TIMEOUT_MS }, () => {
  test("is told of a nickname that is taken, and comes in with another", async () => {
    const { port } = startChat({ network: { motd: ["Welcome"] } });
    const ilse = await enter(port, "ilse", "#lobby");
    const irssi = startIrssi(port, "ilse");
    await irssi.shows("End of /MOTD command");
    irssi.type("/join #lobby");
    await ilse.said(/^:ilse_!\S+ JOIN #lobby$/);
  });
});

describe.skipIf(noWeechat)(named("weechat", noWeechat), { timeout: TIMEOUT_MS }, () => {
  test("sees the time at which something was said, topics and private messages", async () => {
    const { port } = startChat({ network: { motd: ["Welcome"] } });
    const anna = await enter(port, "anna", "#lobby");
    anna.say("TOPIC #lobby :Über dies und das");
    const weechat = startWeechat(port, "wanda", "#lobby");
    await anna.said(/^:wanda!\S+ JOIN #lobby$/);
    await weechat.shows("Über dies und das");
    weechat.type("/msg anna just for you");
    await anna.said(/^:wanda!\S+ PRIVMSG anna :just for you$/);
    weechat.type("/quit bye");
    await anna.said(/^:wanda!\S+ QUIT :.*bye$/);
  });
});
