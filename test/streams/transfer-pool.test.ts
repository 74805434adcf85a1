/** What streams of one reactor share: nothing of one may get into another, nothing out of order. */
import { describe, test } from "vitest";
import { SO_SNDBUF } from "../../src/index.js";
import { ARENA_WRITE_BYTES, STAGE_BYTES_MAX } from "../../src/streams/transfer-pool.js";
import {
  collect,
  drive,
  expectBytes,
  joined,
  pattern,
  reactorOf,
  receiveAll,
  WAYS,
} from "./support.js";

describe.each(WAYS)("%s", (way) => {
  test("the write that begins a new batch is not overwritten by those behind it", async () => {
    const reactor = reactorOf();
    const all = Array.from({ length: 66 }, () => joined(reactor, {}, {}, "unix"));
    const wanted = all.map((_, i) => pattern(i, i < 64 ? 10 : 4000));
    all.forEach(({ stream }, i) => void stream.write(wanted[i] as Buffer));
    await drive(reactor, way, () => all.every(({ stream }) => stream.pendingBytes === 0));
    for (const [i, { peer }] of all.entries()) expectBytes(receiveAll(peer), wanted[i] as Buffer);
  });

  test("a write that finds the batch full stays behind what was not sent of it", async () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor, {}, {}, "unix");
    stream.socket.setOption(SO_SNDBUF, 4096);
    const pieces = Math.ceil(ARENA_WRITE_BYTES / STAGE_BYTES_MAX) + 3;
    const sent = Array.from({ length: pieces }, (_, i) => pattern(i, STAGE_BYTES_MAX - 100));
    const got: Buffer[] = [];
    for (const piece of sent) {
      stream.write(piece);
      // Room again, between the send that was cut short and the next.
      got.push(receiveAll(peer));
    }
    const rest = collect(reactor, peer);
    stream.end();
    await drive(reactor, way, () => rest.isEnded);
    expectBytes(Buffer.concat([...got, rest.bytes()]), Buffer.concat(sent));
  });

  test("texts that find the batch full stay in order", async () => {
    const reactor = reactorOf();
    const { stream, peer } = joined(reactor, {}, {}, "unix");
    stream.socket.setOption(SO_SNDBUF, 4096);
    let wanted = "";
    let got = "";
    for (let i = 0; wanted.length < ARENA_WRITE_BYTES * 2; i += 1) {
      const text = `${i},`.repeat(700);
      stream.write(text);
      wanted += text;
      got += receiveAll(peer);
    }
    const rest = collect(reactor, peer);
    stream.end();
    await drive(reactor, way, () => rest.isEnded);
    expectBytes(Buffer.from(got + rest.bytes()), Buffer.from(wanted));
  });
});
