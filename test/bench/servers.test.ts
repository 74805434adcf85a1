// Our contestants echo every byte, whatever the other end does. They run the build.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { startServer } from "../../bench/children.mjs";

/** More than StreamBatch has room for. */
const CROWD = 300;
/** Far more than the buffers of both ends hold. */
const FLOOD_BYTES = 24 * 1024 * 1024;
/** Round trips of another client, in which a server that can would have taken all of a flood. */
const TURNS = 50;
/** Against a hang: hundreds of connections take their time on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

describe.each([
  "selector-floor.mjs",
  "selector-single.mjs",
  "reactor-floor.mjs",
  "reactor-floor.mjs --blocking",
  "stream-handler.mjs",
  "stream-handler.mjs --blocking",
  "stream-iteration.mjs",
])("%s", (command) => {
  async function start(): Promise<number> {
    const [name, ...args] = command.split(" ");
    const file = fileURLToPath(new URL(`../../bench/servers/${name}`, import.meta.url));
    const server = await startServer({ file: process.execPath, args: [file, ...args] });
    onTestFinished(async () => expect(await server.stop()).toBeUndefined());
    return server.port;
  }

  test("echoes to each of a crowd what it sent, short and long", async () => {
    const port = await start();
    const clients = await Promise.all(Array.from({ length: CROWD }, () => client(port)));
    for (let turn = 0; turn < 3; turn++) {
      const texts = clients.map((_, i) => bytesOf(i, i % 50 === 0 ? 100_000 : 1 + (i % 200)));
      clients.forEach((socket, i) => {
        socket.write(texts[i] as Buffer);
      });
      const echoes = await Promise.all(
        clients.map((socket, i) => receive(socket, texts[i]?.length)),
      );
      expect(echoes.every((echo, i) => echo.equals(texts[i] as Buffer))).toBe(true);
    }
  });

  test("keeps what a peer does not take, serves others meanwhile, and loses nothing", async () => {
    const port = await start();
    const [flooder, other] = [await client(port), await client(port)];
    const flood = bytesOf(7, FLOOD_BYTES);
    flooder.write(flood);
    for (let turn = 0; turn < TURNS; turn++) {
      other.write("ping");
      expect(String(await receive(other, 4))).toBe("ping");
    }
    expect(flooder.writableLength).toBeGreaterThan(0);
    expect((await receive(flooder, flood.length)).equals(flood)).toBe(true);
  });

  test("a reset and an end in the middle of others end one connection each", async () => {
    const port = await start();
    const clients = await Promise.all(Array.from({ length: 5 }, () => client(port)));
    const [reset, ended, ...others] = clients as [Socket, Socket, ...Socket[]];
    for (const socket of clients) socket.write("before");
    await Promise.all(clients.map((socket) => receive(socket, 6)));
    for (const socket of others) socket.write("after");
    reset.resetAndDestroy();
    ended.end();
    ended.resume();
    await once(ended, "close");
    const echoes = await Promise.all(others.map((socket) => receive(socket, 5)));
    expect(echoes.map(String)).toEqual(["after", "after", "after"]);
  });
});

/** Bytes that differ from client to client and from place to place. */
function bytesOf(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = i * 31 + (i >> 8) + seed;
  return bytes;
}

/** A connection that reads nothing until it is asked to. */
async function client(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** At least the next `length` bytes, or what came before the end. */
async function receive(socket: Socket, length = 0): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let received = 0; received < length && !socket.readableEnded; ) {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) {
      await once(socket, "readable");
    } else {
      chunks.push(chunk);
      received += chunk.length;
    }
  }
  return Buffer.concat(chunks);
}
