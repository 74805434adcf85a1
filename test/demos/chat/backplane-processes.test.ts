/** `socket-reactor chat --backplane`: two processes and a Redis, and what happens to each of them. */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { SILENCE_BEATS } from "../../../src/demos/chat/backplane/other-servers.js";
import { builtCli, listening, type RunningCli, runCli, start } from "../cli-process.js";
import { named, whyMissing } from "../http/outside-tool.js";
import { freePort, redisPlace } from "./backplane-support.js";
import { enter, type LineClient } from "./chat-peers.js";

const missing = whyMissing("redis-server", "--version", "redis-server");

const QUICK_CHAT = fileURLToPath(new URL("backplane-quick-chat.js", import.meta.url));

/** Of processes whose silence is waited for: long enough for a Redis that has to wait its turn. */
const QUICK_BEAT_MS = 400;

/** @param beatMs of a backplane that beats otherwise; without it, the command as it is. */
function startChat(url: string, beatMs?: number): Promise<RunningCli> {
  const args = ["--port", "0", "--web-port", "0", "--backplane", url];
  if (beatMs === undefined) return listening(start(["chat", ...args]));
  builtCli(); // it is of what was built, too
  return listening(start([`${beatMs}`, ...args], { command: [process.execPath, QUICK_CHAT] }));
}

/** Two of them that wait for one another's silence. */
function startTwo(url: string): Promise<readonly [RunningCli, RunningCli]> {
  return Promise.all([startChat(url, QUICK_BEAT_MS), startChat(url, QUICK_BEAT_MS)]);
}

/** The nicknames in a room, with their signs, sorted. */
async function namesIn(client: LineClient, room: string): Promise<string[]> {
  const before = client.lines.length;
  client.say(`NAMES ${room}`);
  await client.sync();
  return client.lines
    .slice(before)
    .filter((line) => / 353 /.test(line))
    .flatMap((line) => line.slice(line.indexOf(" :") + 2).split(" "))
    .sort();
}

async function untilNames(client: LineClient, room: string, count: number): Promise<string[]> {
  for (;;) {
    const names = await namesIn(client, room);
    if (names.length === count) return names;
  }
}

describe.skipIf(missing)(named("chat --backplane", missing), () => {
  test("joins two processes, through a Redis that stops, dies and comes back", {
    timeout: 60_000,
  }, async () => {
    const place = redisPlace();
    const redis = await place.start();
    const [a, b] = await startTwo(place.url);
    await Promise.all([a, b].map(({ log }) => log.said(/^backplane: server .* is joined$/)));
    const ann = await enter(a.port, "ann", "#tea");
    const ben = await enter(b.port, "ben", "#tea");
    await ann.said(/^:ben!.* JOIN :?#tea$/);
    ann.say("PRIVMSG #tea :Grüß dich, 名前", "PRIVMSG ben :psst");
    await ben.said(/^:ann!.* PRIVMSG #tea :Grüß dich, 名前$/);
    await ben.said(/^:ann!.* PRIVMSG ben :psst$/);

    redis.child.kill("SIGSTOP");
    await ann.said(/ NOTICE .* :This server is cut off from the others/);
    await a.log.said(/^backplane: lost at unix:\/\/.*: Redis does not answer; /);
    await ben.said(/^:ann!.* QUIT :\*\.net \*\.split$/);
    redis.child.kill("SIGCONT");
    await ann.said(/ NOTICE .* :This server is joined with the others again$/);
    await ben.said(/ NOTICE .* :This server is joined with the others again$/);
    await untilNames(ann, "#tea", 2);

    for (const { log } of [ann, ben]) log.forget();
    await redis.kill();
    await ann.said(/ NOTICE .* :This server is cut off/);
    await ben.said(/ NOTICE .* :This server is cut off/);
    const amy = await enter(a.port, "amy", "#tea");
    amy.say("PRIVMSG #tea :only us");
    await ann.said(/^:amy!.* PRIVMSG #tea :only us$/);
    await place.start();
    await untilNames(ben, "#tea", 3);
    expect(await untilNames(ann, "#tea", 3)).toEqual(await namesIn(ben, "#tea"));
    ben.say("PRIVMSG amy :hello again");
    await amy.said(/^:ben!.* PRIVMSG amy :hello again$/);
  });

  test("ends the users of a process that was killed, within the beats", {
    timeout: 60_000,
  }, async () => {
    const place = redisPlace();
    await place.start();
    const [a, b] = await startTwo(place.url);
    const ann = await enter(a.port, "ann", "#tea");
    const ben = await enter(b.port, "ben", "#tea");
    await ann.said(/^:ben!.* JOIN :?#tea$/);
    const before = performance.now();
    ben.say("PRIVMSG #tea :my last words");
    await ann.said(/:my last words$/);
    b.child.kill("SIGKILL");
    await ben.closed;
    await ann.said(/^:ben!.* QUIT :\*\.net \*\.split$/);
    // The first of the beats may come at once. The loop's clock has whole milliseconds.
    expect(performance.now() - before).toBeGreaterThanOrEqual(SILENCE_BEATS * (QUICK_BEAT_MS - 1));
    await a.log.said(/^backplane: server .* is gone: it is silent$/);
    expect(await namesIn(ann, "#tea")).toEqual(["@ann"]);
  });

  test("says bye at Ctrl-C, and is gone everywhere at once", async () => {
    const place = redisPlace();
    await place.start();
    const [a, b] = await Promise.all([startChat(place.url), startChat(place.url)]);
    const ann = await enter(a.port, "ann", "#tea");
    await enter(b.port, "ben", "#tea");
    await ann.said(/^:ben!.* JOIN :?#tea$/);
    b.child.kill("SIGINT");
    await ann.said(/^:ben!.* QUIT /);
    await a.log.said(/^backplane: server .* is gone: it has said bye$/);
    expect(await b.ended).toMatchObject({ status: 0, stderr: "" });
  });

  test("ends at Ctrl-C while Redis stands still", async () => {
    const place = redisPlace();
    const redis = await place.start();
    const a = await startChat(place.url);
    redis.child.kill("SIGSTOP");
    a.child.kill("SIGINT");
    expect(await a.ended).toMatchObject({ status: 0, stderr: "" });
  });

  test("ends at Ctrl-C while there is no Redis", async () => {
    const place = redisPlace();
    const redis = await place.start();
    const a = await startChat(place.url);
    await redis.kill();
    await a.log.said(/^backplane: lost/);
    a.child.kill("SIGINT");
    expect(await a.ended).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("chat --backplane with what is none", () => {
  test.each([
    [
      `redis://:hidden@127.0.0.1:PORT`,
      /--backplane: no Redis at redis:\/\/127\.0\.0\.1:\d+: .*REFUSED/,
    ],
    ["http://127.0.0.1", /--backplane must be redis:\/\/HOST:PORT, rediss:\/\/… or unix:/],
  ])("%s ends with one line about it", async (url, reason) => {
    const port = await freePort();
    const ports = ["--port", "0", "--web-port", "0"];
    const result = await runCli(["chat", ...ports, "--backplane", url.replace("PORT", `${port}`)]);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(reason);
    expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(result.stdout + result.stderr).not.toContain("hidden");
  });
});
