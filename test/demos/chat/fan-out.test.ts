/** One line for many: each member is written to once, and there may be a thousand. */
import { expect, onTestFinished, test } from "vitest";
import {
  type ByteQueue,
  connect,
  type Kernel,
  MOVE_FD,
  MOVE_INTS,
  type Reactor,
  type SocketStream,
} from "../../../src/index.js";
import { faultKernel } from "../../support/fault-kernel.js";
import { connectWeb, enter, startChat } from "./chat-peers.js";

test("several lines that come together are one system call for each member", async () => {
  const { kernel, clear, log } = countingKernel();
  const { port, webPort, reactor } = startChat({ kernel, floodLimits: false });
  const members = await Promise.all(
    Array.from({ length: 100 }, (_, n) => enter(port, `u${n}`, "#lobby")),
  );
  const page = await connectWeb(webPort);
  await page.register("page");
  await page.join("#lobby");
  const [speaker, ...others] = members;
  for (const count of [1, 5]) {
    for (const member of members) await member.sync();
    const before = page.log.count(/ PRIVMSG /);
    clear();
    speaker?.say(...Array.from({ length: count }, (_, n) => `PRIVMSG #lobby :${n}`));
    await page.said(/ PRIVMSG /, before + count);
    for (const member of others) await member.said(/ PRIVMSG /, before + count);
    expect(log.sends).toBe(others.length + 1);
  }
  expect(reactor.isClosed).toBe(false);
});

test("what several say at a time is collected, and comes to all in the same order", async () => {
  const { port } = startChat({ floodLimits: false });
  const members = await Promise.all(
    Array.from({ length: 40 }, (_, n) => enter(port, `u${n}`, "#lobby")),
  );
  for (const member of members) member.say("PRIVMSG #lobby :one", "PRIVMSG #lobby :two");
  const heard = await Promise.all(
    members.map(async (member, n) => {
      await member.said(/ PRIVMSG /, 2 * (members.length - 1));
      const lines = member.lines.filter((line) => / PRIVMSG /.test(line));
      return { own: `:u${n}!`, lines };
    }),
  );
  const all = [...new Set(heard.flatMap(({ lines }) => lines))];
  expect(all).toHaveLength(2 * members.length);
  const [first, second] = heard;
  const order = (lines: readonly string[], ...without: string[]) =>
    lines.filter((line) => !without.some((own) => line.startsWith(own)));
  expect(order(first?.lines ?? [], second?.own ?? "")).toEqual(
    order(second?.lines ?? [], first?.own ?? ""),
  );
});

test("what is told from outside the reactor's turns goes out, too", async () => {
  const { port, webPort, server } = startChat();
  const anna = await enter(port, "anna");
  const page = await connectWeb(webPort);
  await page.register("page");
  await new Promise((resolve) => setTimeout(resolve)); // as a message of another server comes
  server.network.noticeAll("one");
  server.network.noticeAll("two");
  for (const member of [anna, page]) await member.said(/^:\S+ NOTICE \S+ :(one|two)$/, 2);
});

test("a thousand members hear one line, and all of them are there", {
  timeout: 60_000,
}, async () => {
  const { port, reactor, server, stop } = startChat({ floodLimits: false });
  const members = await Promise.all(
    Array.from({ length: 1000 }, (_, n) => Member.enter(reactor, port, `u${n}`)),
  );
  expect(server.stats()).toMatchObject({ connections: 1000, localUsers: 1000, rooms: 1 });
  const heard = Promise.all(
    members.slice(1).map((member) => member.hears("PRIVMSG #lobby :to all")),
  );
  members[0]?.say("PRIVMSG #lobby :to all");
  await heard;
  const gone = Promise.all(members.map((member) => member.closed));
  await stop();
  await gone;
  expect(server.stats().users).toBe(0);
});

/**
 * A client on the server's own reactor that looks for one text and drops the rest: what is to be
 * quick is the server.
 */
class Member {
  readonly closed: Promise<void>;
  readonly #stream: SocketStream;
  #wanted: Buffer | undefined;
  #onHeard: () => void = () => {};

  static async enter(reactor: Reactor, port: number, nick: string): Promise<Member> {
    const member = new Member(await connect(reactor, { host: "127.0.0.1", port }));
    const entered = member.hears(" 366 ");
    member.say(`NICK ${nick}\r\nUSER ${nick} 0 * :${nick}\r\nJOIN #lobby`);
    await entered;
    return member;
  }

  constructor(stream: SocketStream) {
    this.#stream = stream;
    this.closed = new Promise((resolve) => {
      stream.handler = { onData: (_, input) => this.#look(input), onClose: () => resolve() };
    });
    onTestFinished(() => stream.destroy());
    stream.resume();
  }

  say(line: string): void {
    this.#stream.write(`${line}\r\n`);
  }

  hears(text: string): Promise<void> {
    this.#wanted = Buffer.from(text);
    return new Promise((resolve) => {
      this.#onHeard = resolve;
    });
  }

  #look(input: ByteQueue): void {
    const wanted = this.#wanted;
    if (wanted !== undefined && input.indexOf(wanted) < 0) {
      input.drain(Math.max(0, input.length - wanted.length + 1)); // its start may be there
      return;
    }
    input.clear();
    this.#wanted = undefined;
    this.#onHeard();
  }
}

/** Counts what is sent to sockets, whatever the call. */
function countingKernel(): { kernel: Kernel; log: { readonly sends: number }; clear: () => void } {
  const { kernel: base } = faultKernel();
  let sends = 0;
  const kernel = Object.create(base) as Record<string, unknown>;
  kernel["send_each"] = (moves: Int32Array, count: number, arena: Uint8Array): number => {
    for (let at = 0; at < count; at += 1)
      if ((moves[at * MOVE_INTS + MOVE_FD] ?? -1) >= 0) sends += 1;
    return base.send_each(moves, count, arena);
  };
  for (const name of ["send", "sendmsg", "write"] as const) {
    const call = base[name] as (...args: unknown[]) => number;
    kernel[name] = (...args: unknown[]): number => {
      sends += 1;
      return Reflect.apply(call, base, args);
    };
  }
  const log = {
    get sends() {
      return sends;
    },
  };
  return {
    ...{ kernel: kernel as unknown as Kernel, log },
    clear: () => {
      sends = 0;
    },
  };
}
