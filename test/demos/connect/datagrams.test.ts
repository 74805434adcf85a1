/** `connect --udp`, to a peer and listening. */
import { createSocket, type Socket as NodeSocket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { DATAGRAM_BYTES } from "../../../src/demos/connect/datagrams.js";
import { pattern } from "../echo-peers.js";
import { startConnect, startListen } from "./connect-process.js";

interface Peer {
  readonly socket: NodeSocket;
  readonly port: number;
  /** The next datagram, and the port of who sent it. */
  next(): Promise<{ readonly bytes: Buffer; readonly port: number }>;
}

async function bound(): Promise<Peer> {
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  const waiting: { bytes: Buffer; port: number }[] = [];
  socket.on("message", (bytes, { port }) => waiting.push({ bytes, port }));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const next = async () => {
    while (waiting.length === 0) await once(socket, "message");
    return waiting.shift() as { bytes: Buffer; port: number };
  };
  return { socket, port: socket.address().port, next };
}

describe("connect --udp", () => {
  test("makes a datagram of each read, and prints those that come", async () => {
    const peer = await bound();
    const running = startConnect(["--udp", "--verbose", String(peer.port)]);
    running.output.setEncoding("latin1");
    for (const line of ["hello\n", "\0\xff"]) {
      running.input.write(line, "latin1");
      const { bytes, port } = await peer.next();
      expect(bytes.toString("latin1")).toBe(line);
      peer.socket.send(bytes, port, "127.0.0.1");
      expect(await once(running.output, "data")).toEqual([line]);
    }
    running.child.kill("SIGINT");
    expect(await running.ended).toEqual({ status: null, signal: "SIGINT" });
    expect(running.log.lines).toEqual([
      expect.stringMatching(
        `^Datagrams from 127\\.0\\.0\\.1:\\d+ to 127\\.0\\.0\\.1:${peer.port}$`,
      ),
    ]);
  });

  test("cuts what is longer than a packet of Ethernet", async () => {
    const peer = await bound();
    const running = startConnect(["--udp", String(peer.port)]);
    const sent = pattern(1, 2 * DATAGRAM_BYTES + 100);
    running.input.write(sent);
    const parts = [await peer.next(), await peer.next(), await peer.next()];
    expect(parts.map(({ bytes }) => bytes.length)).toEqual([DATAGRAM_BYTES, DATAGRAM_BYTES, 100]);
    expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(sent)).toBe(true);
    // What comes may be of any length.
    const long = pattern(2, 65_507);
    peer.socket.send(long, parts[0]?.port ?? 0, "127.0.0.1");
    const received: Buffer[] = [];
    for (let n = 0; n < long.length; n += received.at(-1)?.length ?? 0) {
      received.push(((await once(running.output, "data")) as [Buffer])[0]);
    }
    expect(Buffer.concat(received).equals(long)).toBe(true);
  });

  test("stays when the input has ended, until nothing moves for --timeout", async () => {
    const peer = await bound();
    const startedMs = performance.now();
    const running = startConnect(["--udp", "--timeout", "0.3", String(peer.port)]);
    running.input.end("question");
    const { bytes, port } = await peer.next();
    expect(String(bytes)).toBe("question");
    peer.socket.send("answer", port, "127.0.0.1");
    expect(String(await once(running.output, "data"))).toBe("answer");
    expect(await running.ended).toEqual({ status: 0, signal: null });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(300);
  });

  test("hears that nobody is there, when the first datagram comes back", async () => {
    const peer = createSocket("udp4").bind(0, "127.0.0.1");
    await once(peer, "listening");
    const { port } = peer.address();
    peer.close();
    await once(peer, "close");
    const running = startConnect(["--udp", String(port)]);
    running.input.write("anybody?");
    expect(await running.ended).toEqual({ status: 1, signal: null });
    const line = `socket-reactor: nobody listens at 127.0.0.1:${port} (ECONNREFUSED)`;
    expect(running.log.lines).toEqual([line]);
  });

  test("an output that is gone ends it without a word", async () => {
    const peer = await bound();
    const running = startConnect(["--udp", String(peer.port)]);
    running.input.write("x");
    const { port } = await peer.next();
    running.output.destroy();
    await once(running.output, "close");
    const feeding = setInterval(() => peer.socket.send("more", port, "127.0.0.1"), 1);
    expect(await running.ended).toEqual({ status: 0, signal: null });
    clearInterval(feeding);
    expect(running.log.lines).toEqual([]);
  });
});

describe("connect --udp --listen", () => {
  test("answers whoever sent last", async () => {
    const [first, second] = [await bound(), await bound()];
    const running = await startListen(["--udp", "--verbose", "0"]);
    running.output.setEncoding("utf8");
    running.input.write("for whom"); // waits for somebody
    for (const peer of [first, second, first]) {
      peer.socket.send("hello", running.port, "127.0.0.1");
      expect(await once(running.output, "data")).toEqual(["hello"]);
      if (peer === first && running.log.count(/^Datagrams from/) === 1) {
        expect(String((await first.next()).bytes)).toBe("for whom");
      }
      running.input.write("to you");
      const { bytes, port } = await peer.next();
      expect({ text: String(bytes), port }).toEqual({ text: "to you", port: running.port });
    }
    const names = [first, second, first].map(({ port }) => `Datagrams from 127.0.0.1:${port}`);
    expect(running.log.lines.slice(1)).toEqual(names);
    running.child.kill("SIGTERM");
    expect(await running.ended).toEqual({ status: null, signal: "SIGTERM" });
  });

  test("talks with our own other side, and has time until somebody comes", async () => {
    const server = await startListen(["--udp", "--timeout", "1", "0"]);
    const client = startConnect(["--udp", String(server.port)]);
    client.input.write("question");
    expect(String(await once(server.output, "data"))).toBe("question");
    const startedMs = performance.now();
    server.input.write("answer");
    expect(String(await once(client.output, "data"))).toBe("answer");
    expect(await server.ended).toEqual({ status: 0, signal: null });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(1000);
  });
});
