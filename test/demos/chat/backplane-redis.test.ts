/** Servers joined through a real Redis: it dies, stands still, refuses, and comes back. */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { createClient } from "redis";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type BackplaneOptions,
  CHANNEL_DEFAULT,
  joinBackplane,
} from "../../../src/demos/chat/backplane/backplane.js";
import {
  LINK_CLOSE_MS,
  loadRedis,
  redisLinks,
} from "../../../src/demos/chat/backplane/redis-link.js";
import { ChatNetwork } from "../../../src/demos/chat/network/chat-network.js";
import { UsageError } from "../../../src/demos/usage-error.js";
import { LineLog } from "../echo-peers.js";
import { named, whyMissing } from "../http/outside-tool.js";
import {
  enter,
  freePort,
  type Joined,
  redisPlace,
  startRedis,
  startTenant,
  until,
} from "./backplane-support.js";

const missing = whyMissing("redis-server", "--version", "redis-server");

async function joined(url: string, options: Partial<BackplaneOptions> = {}): Promise<Joined> {
  const network = new ChatNetwork();
  const log = new LineLog();
  const backplane = await joinBackplane(network, url, {
    ...{ beatMs: 100, reconnectMaxMs: 50, openMs: 2000 },
    log: (line) => log.add(line),
    ...options,
  });
  onTestFinished(() => backplane.close());
  return { network, backplane, log };
}

async function joinedTwo(url: string): Promise<{ a: Joined; b: Joined }> {
  const a = await joined(url);
  const b = await joined(url);
  await until(() => a.backplane.servers.length + b.backplane.servers.length === 2);
  return { a, b };
}

/** Takes connections and never says anything. */
async function startMute(): Promise<{ server: Server; url: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => {}).resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return { server, url: `redis://127.0.0.1:${port}` };
}

describe.skipIf(missing)(named("servers joined through Redis", missing), () => {
  test("let people meet in a room and in private", async () => {
    const redis = await redisPlace().start();
    const { a, b } = await joinedTwo(redis.url);
    const ann = enter(a.network, "ann", "#tea");
    await until(() => b.network.stats().rooms === 1);
    const ben = enter(b.network, "ben", "#tea");
    await ann.hears(/^:ben!.* JOIN #tea/);
    expect(ben.namesIn("#tea")).toEqual(["@ann", "ben"]);
    ann.say("PRIVMSG #tea :Grüß dich \u{1f375}");
    await ben.hears(/^:ann!.* PRIVMSG #tea :Grüß dich \u{1f375}$/u);
    ben.say("PRIVMSG ann :psst");
    await ann.hears(/^:ben!.* PRIVMSG ann :psst$/);
    await b.backplane.close();
    await ann.hears(/^:ben!.* QUIT :\*\.net \*\.split$/);
  });

  test("say so when it dies, go on alone, and are joined again when it is back", async () => {
    const place = redisPlace();
    const redis = await place.start();
    const { a, b } = await joinedTwo(place.url);
    const ann = enter(a.network, "ann", "#tea");
    const amy = enter(a.network, "amy", "#tea");
    const ben = enter(b.network, "ben", "#tea");
    await until(() => ann.namesIn("#tea").length === 3 && ben.namesIn("#tea").length === 3);
    await redis.kill();
    await ann.hears(/ NOTICE .* :This server is cut off from the others/);
    await ben.hears(/ NOTICE .* :This server is cut off from the others/);
    expect(a.log.count(/^backplane: lost at unix:/)).toBe(1);
    expect(a.backplane.state).toBe("lost");
    expect(ann.count(/^:ben!.* QUIT /)).toBe(1);
    ann.say("PRIVMSG #tea :only us", "PRIVMSG ben :you?");
    expect(amy.count(/:only us$/)).toBe(1);
    expect(ann.count(/ 401 ann ben /)).toBe(1);
    ben.session.leave("gone");
    const bea = enter(b.network, "bea", "#tea");
    await a.log.said(/^backplane: still lost: /);
    await place.start();
    await ann.hears(/ NOTICE .* :This server is joined with the others again$/);
    await ann.hears(/^:bea!.* JOIN #tea/);
    await bea.hears(/^:ann!.* JOIN #tea/);
    await until(() => bea.namesIn("#tea").length === 3);
    expect(bea.namesIn("#tea")).toEqual(ann.namesIn("#tea"));
    expect(ann.namesIn("#tea")).toEqual(["@ann", "@bea", "amy"].sort());
    bea.say("PRIVMSG #tea :all of us");
    await amy.hears(/^:bea!.* PRIVMSG #tea :all of us$/);
  });

  test("notice that it stands still, and go on when it does", async () => {
    const redis = await redisPlace().start();
    const { a, b } = await joinedTwo(redis.url);
    const ann = enter(a.network, "ann", "#tea");
    const ben = enter(b.network, "ben", "#tea");
    await until(() => ann.namesIn("#tea").length === 2);
    redis.child.kill("SIGSTOP");
    await a.log.said(/^backplane: lost at .*: Redis does not answer; /);
    await ben.hears(/ NOTICE .* :This server is cut off from the others/);
    redis.child.kill("SIGCONT");
    await ann.hears(/ NOTICE .* :This server is joined with the others again$/);
    await until(() => ann.namesIn("#tea").length === 2 && ben.namesIn("#tea").length === 2);
  });

  test("are not seen to leave when one connection is cut and made again", async () => {
    const redis = await redisPlace().start();
    const a = await joined(redis.url);
    const b = await joined(redis.url, { beatMs: 60_000 });
    await until(() => a.backplane.servers.length + b.backplane.servers.length === 2);
    const ann = enter(a.network, "ann", "#tea");
    const ben = enter(b.network, "ben", "#tea");
    await until(() => ben.namesIn("#tea").length === 2 && ann.namesIn("#tea").length === 2);
    const admin = createClient({ url: redis.url });
    admin.on("error", () => {});
    onTestFinished(() => admin.destroy());
    await admin.connect();
    // The first of them is a's.
    const first = /^id=(\d+) /.exec(String(await admin.sendCommand(["CLIENT", "LIST"])))?.[1];
    await admin.sendCommand(["CLIENT", "KILL", "ID", String(first)]);
    await ann.hears(/ NOTICE .* :This server is joined with the others again$/);
    await ann.hears(/^:ben!.* JOIN #tea/, 2);
    ann.say("PRIVMSG ben :still here");
    await ben.hears(/^:ann!.* PRIVMSG ben :still here$/);
    expect(ben.count(/ (QUIT|PART) /)).toBe(0);
    expect(b.log.count(/lost/)).toBe(0);
  });

  test("ignore what others publish there, whatever it is", async () => {
    const redis = await redisPlace().start();
    const { a, b } = await joinedTwo(redis.url);
    const ann = enter(a.network, "ann", "#tea");
    await until(() => b.network.stats().rooms === 1);
    const tenant = await startTenant(redis.url, CHANNEL_DEFAULT);
    const forged = { act: "quit", user: `${a.network.serverId}.1`, reason: "forged" };
    const head = { v: 1, run: "r", n: 0, type: "acts" };
    await tenant.publish("GET / HTTP/1.1\r\n");
    await tenant.publish("\u0000\ud800{");
    await tenant.publish("[".repeat(30_000));
    await tenant.publish("x".repeat(1_000_000));
    await tenant.publish(JSON.stringify({ ...head, from: "evil", acts: [forged] }));
    await tenant.publish(JSON.stringify({ ...head, from: a.network.serverId, acts: [forged] }));
    const ben = enter(b.network, "ben", "#tea");
    await ann.hears(/^:ben!.* JOIN #tea/);
    expect(ben.namesIn("#tea")).toEqual(["@ann", "ben"]);
    expect(a.log.count(/it has our id/)).toBe(1);
    expect([a, b].map(({ log }) => log.count(/lost/))).toEqual([0, 0]);
  });

  test("keep to their channel", async () => {
    const redis = await redisPlace().start();
    const a = await joined(redis.url, { channel: "one" });
    const b = await joined(redis.url, { channel: "two" });
    const c = await joined(redis.url, { channel: "one" });
    await until(() => a.backplane.servers.length === 1 && c.backplane.servers.length === 1);
    expect(b.backplane.servers).toEqual([]);
  });

  test("can be closed in time while it stands still", async () => {
    const redis = await redisPlace().start();
    const { a } = await joinedTwo(redis.url);
    redis.child.kill("SIGSTOP");
    const before = performance.now();
    await a.backplane.close();
    expect(performance.now() - before).toBeLessThan(20 * LINK_CLOSE_MS);
  });

  test("reach it by host and port, with a password", async () => {
    const port = await freePort();
    const place = redisPlace();
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--requirepass", "s3cret"];
    await startRedis(args, place.url, place.folder);
    const a = await joined(`redis://:s3cret@127.0.0.1:${port}`);
    const b = await joined(`redis://default:s3cret@localhost:${port}/3`);
    await until(() => a.backplane.servers.length + b.backplane.servers.length === 2);
    expect(a.log.lines.join("\n")).not.toContain("s3cret");
    const refused = joined(`redis://:wr0ng@127.0.0.1:${port}`);
    await expect(refused).rejects.toThrow(/^--backplane: no Redis at redis:\/\/127.*WRONGPASS/);
    await expect(refused).rejects.not.toThrow(/wr0ng/);
    await expect(refused).rejects.toBeInstanceOf(UsageError);
  });

  test("need to be allowed to listen and to speak on their channel, and nothing else", async () => {
    const redis = await redisPlace().start();
    const admin = createClient({ url: redis.url });
    admin.on("error", () => {});
    onTestFinished(() => admin.destroy());
    await admin.connect();
    const rights = ["+hello", "+auth", "+ping", "+subscribe"];
    const user = ["on", ">pw", "resetchannels", `&${CHANNEL_DEFAULT}`, ...rights];
    await admin.sendCommand(["ACL", "SETUSER", "chat", ...user, "+publish"]);
    await admin.sendCommand(["ACL", "SETUSER", "mute", ...user]);
    const as = (name: string) => redis.url.replace("unix://", `unix://${name}:pw@`);
    await joinedTwo(as("chat"));
    await expect(joined(as("mute"))).rejects.toThrow(/no Redis at unix:.*NOPERM.*publish/);
  });

  test("give it up when it takes less than is said", async () => {
    const redis = await redisPlace().start();
    const lost = new LineLog();
    const open = redisLinks(await loadRedis(), {
      ...{ url: redis.url, channel: "c", unansweredMax: 100_000 },
    });
    const handler = { onMessage: () => {}, onLost: (reason: string) => lost.add(reason) };
    const link = await open(handler, new AbortController().signal);
    onTestFinished(() => link.close());
    for (let n = 0; n < 5; n += 1) link.publish("x".repeat(20_000));
    expect(lost.lines).toEqual([]);
    redis.child.kill("SIGSTOP");
    for (let n = 0; n < 5; n += 1) link.publish("x".repeat(20_000));
    await lost.said(/Redis does not keep up/);
    link.publish("nobody hears this");
    expect(lost.lines).toHaveLength(1);
  });
});

describe("at the start", () => {
  test("a Redis that is not there is named, and so is the reason", async () => {
    const port = await freePort();
    const refused = joined(`redis://user:secret@127.0.0.1:${port}`);
    await expect(refused).rejects.toThrow(
      new RegExp(`^--backplane: no Redis at redis://127.0.0.1:${port}: .*ECONNREFUSED`),
    );
    await expect(refused).rejects.toBeInstanceOf(UsageError);
  });

  test("a Redis that takes connections and never answers is given up", async () => {
    const { url } = await startMute();
    const before = performance.now();
    const refused = joined(url, { openMs: 100 });
    await expect(refused).rejects.toThrow(/no Redis at .*: no answer within 100 ms$/);
    expect(performance.now() - before).toBeGreaterThanOrEqual(100);
  });

  test("something that is no Redis is no backplane", async () => {
    const { server, url } = await startMute();
    server.on("connection", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await expect(joined(url)).rejects.toThrow(/^--backplane: no Redis at /);
  });

  test.each(["", "redis:", "http://127.0.0.1", "127.0.0.1:6379", "redis://u:secret@", "unix:"])(
    "%j is no URL of a Redis",
    async (url) => {
      const refused = joined(url);
      await expect(refused).rejects.toThrow(/^--backplane must be redis:\/\/HOST:PORT/);
      await expect(refused).rejects.toBeInstanceOf(UsageError);
    },
  );

  test("a channel has a name", async () => {
    await expect(joined("redis://127.0.0.1", { channel: "" })).rejects.toThrow(/channel must/);
  });

  test("the package that is missing is named", async () => {
    const missing = Object.assign(new Error("Cannot find package 'redis' imported from x.js"), {
      code: "ERR_MODULE_NOT_FOUND",
    });
    const load = loadRedis(() => Promise.reject(missing));
    await expect(load).rejects.toThrow(
      new UsageError("--backplane needs the package redis: npm install redis"),
    );
    // Another that it needs itself is not mended by this.
    const other = Object.assign(new Error("Cannot find package 'left-pad' imported from y.js"), {
      code: "ERR_MODULE_NOT_FOUND",
    });
    await expect(loadRedis(() => Promise.reject(other))).rejects.toBe(other);
  });

  test("a client that can be ended only once tells the true reason, too", async () => {
    const redis = await loadRedis();
    const createOlder: typeof redis.createClient = (options) => {
      const client = redis.createClient(options);
      const destroy = client.destroy.bind(client);
      client.destroy = () => {
        if (!client.isOpen) throw new Error("The client is closed");
        destroy();
      };
      return client;
    };
    const url = `redis://127.0.0.1:${await freePort()}`;
    const open = redisLinks({ ...redis, createClient: createOlder }, { url, channel: "c" });
    const handler = { onMessage: () => {}, onLost: () => {} };
    await expect(open(handler, new AbortController().signal)).rejects.toThrow("ECONNREFUSED");
  });

  test("nothing is left of a link that is given up while it connects", async () => {
    const { server, url } = await startMute();
    const open = redisLinks(await loadRedis(), { url, channel: "c" });
    const handler = { onMessage: () => {}, onLost: () => {} };
    const giveUp = new AbortController();
    const opening = open(handler, giveUp.signal);
    giveUp.abort();
    await expect(opening).rejects.toThrow("the server is ending");
    const late = new AbortController();
    const connected = once(server, "connection");
    const second = open(handler, late.signal);
    await connected;
    late.abort();
    await expect(second).rejects.toThrow("the server is ending");
    // The server closes when the last of its connections is gone: see startMute.
  });
});
