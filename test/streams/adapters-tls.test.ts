/** node's tls over connections of ours, at either end, and https on top of it. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpsServer, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createServer as createTlsServer, TLSSocket, connect as tlsConnect } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import {
  connect,
  READ_HIGH_BYTES,
  type SocketStream,
  toDuplex,
  WRITE_HIGH_BYTES,
} from "../../src/index.js";
import { digest, type House, peerOf, serve, sha1, until } from "./adapters-support.js";

const MIB = 1024 * 1024;

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Self-signed, for this run. undefined: there is no openssl. */
function makeCertificate(): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1";
    const curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    const args = `req -x509 ${curve} ${subject} -keyout ${key} -out ${cert}`;
    const { error, status, stderr } = spawnSync("openssl", args.split(" "), { encoding: "utf8" });
    if (error !== undefined) return undefined;
    if (status !== 0) throw new Error(`openssl ${args}: ${stderr}`);
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const certificate = makeCertificate();
const { key, cert } = certificate ?? { key: "", cert: "" };
const trust = { ca: cert, servername: "localhost" };

const open: { destroy(): void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

function tracked<T extends Duplex>(one: T): T {
  open.push(one);
  return one.on("error", () => {});
}

/** TLS ends what is below it: that must not end by itself while the last records are on their way. */
function underTls(stream: SocketStream): Duplex {
  return toDuplex(stream, { allowHalfOpen: true });
}

interface TlsHouse extends House {
  readonly streams: SocketStream[];
}

/** TLS at the server's end, over what our listener accepts. */
function serveTls(onSocket: (socket: TLSSocket) => void): TlsHouse {
  const streams: SocketStream[] = [];
  const house = serve((stream) => {
    streams.push(stream);
    const socket = new TLSSocket(underTls(stream), { isServer: true, key, cert });
    socket.allowHalfOpen = false; // it has taken over what is below
    onSocket(tracked(socket));
  });
  return { ...house, streams };
}

function nodeClient(port: number): TLSSocket {
  return tracked(tlsConnect({ ...trust, host: "127.0.0.1", port }));
}

/** TLS at the client's end, over what we connect. */
async function ourClient({ reactor }: House, port: number): Promise<TLSSocket> {
  const stream = await connect(reactor, { host: "127.0.0.1", port });
  return tracked(tlsConnect({ ...trust, socket: underTls(stream) }));
}

function echo(socket: TLSSocket): void {
  pipeline(socket, socket).catch(() => {});
}

describe.skipIf(certificate === undefined)(
  certificate === undefined ? "tls (skipped: there is no openssl to make a certificate)" : "tls",
  () => {
    test.each([0, 1, 1024, 16 * 1024 + 1, 8 * MIB])(
      "carries %i bytes there and back, our server",
      async (size) => {
        const house = serveTls(echo);
        await expectEcho(nodeClient(house.port), size);
        expect(await house.over()).toBe("empty");
      },
    );

    test("carries bytes there and back, our client", async () => {
      const server = createTlsServer({ key, cert }, echo).listen(0, "127.0.0.1");
      await once(server, "listening");
      const house = serve(() => {});
      const { port } = server.address() as AddressInfo;
      await expectEcho(await ourClient(house, port), 8 * MIB);
      server.close();
      expect(await house.over()).toBe("empty");
    });

    test("carries bytes there and back for 50 at a time, ours at both ends", async () => {
      const house = serveTls(echo);
      const clients = Array.from({ length: 50 }, () => ourClient(house, house.port));
      await Promise.all(clients.map(async (client) => expectEcho(await client, 100_000)));
      expect(await house.over()).toBe("empty");
    });

    test("stops a server whose client does not read", async () => {
      const house = serveTls((socket) => void socket.end(randomBytes(24 * MIB)));
      const client = nodeClient(house.port);
      await once(client, "secureConnect");
      client.pause();
      await until(() => (house.streams[0]?.pendingBytes ?? 0) >= WRITE_HIGH_BYTES);
      const [stream] = house.streams as [SocketStream];
      const sent = stream.bytesWritten;
      for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(stream.bytesWritten).toBe(sent);
      expect((await digest(client)).bytes).toBe(24 * MIB);
      expect(await house.over()).toBe("empty");
    });

    test("stops a client whose server does not read", async () => {
      const sockets: TLSSocket[] = [];
      const house = serveTls((socket) => void sockets.push(socket));
      const client = nodeClient(house.port);
      const body = randomBytes(24 * MIB);
      client.end(body);
      await until(() => house.streams[0]?.isReading === false);
      const [stream] = house.streams as [SocketStream];
      for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(stream.bytesRead).toBeLessThan(256 * 1024 + 4 * READ_HIGH_BYTES);
      expect(await digest(sockets[0] as TLSSocket)).toEqual({
        hash: sha1(body),
        bytes: body.length,
      });
      client.resume();
      expect(await house.over()).toBe("empty");
    });

    test("does not trust a certificate that it should not", async () => {
      const house = serveTls((socket) => void socket.resume());
      const stream = await connect(house.reactor, { host: "127.0.0.1", port: house.port });
      const client = tlsConnect({ socket: underTls(stream), servername: "localhost" });
      const [error] = await once(client, "error");
      expect(error.code).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
      expect(await house.over()).toBe("empty");
    });

    test("tells a server of node's of a peer that speaks no TLS, and closes it", async () => {
      const server = createTlsServer({ key, cert });
      const failing = once(server, "tlsClientError");
      const house = serve((stream) => void server.emit("connection", underTls(stream)));
      const peer = peerOf(house.port);
      peer.end("GET / HTTP/1.1\r\n\r\n");
      const [error] = await failing;
      expect(error.code).toMatch(/^ERR_SSL_/);
      peer.resume();
      await once(peer, "close");
      expect(await house.over()).toBe("empty");
    });

    test("leaves nothing behind of a peer that is gone in the middle", async () => {
      const house = serveTls((socket) => void socket.write(randomBytes(8 * MIB)));
      const clients = Array.from({ length: 10 }, () => nodeClient(house.port));
      for (const client of clients) client.once("data", () => client.destroy());
      await Promise.all(clients.map((client) => once(client, "close")));
      expect(house.streams).toHaveLength(10);
      expect(await house.over()).toBe("empty");
    });

    test("an unmodified https server answers", async () => {
      const server = createHttpsServer({ key, cert }, (request, response) => {
        request.pipe(response);
      });
      const house = serve((stream) => void server.emit("connection", underTls(stream)));
      const body = randomBytes(MIB);
      const options = { ...trust, host: "127.0.0.1", port: house.port, method: "POST" };
      const answer = async (): Promise<void> => {
        const request = httpsRequest({ ...options, agent: false });
        request.end(body);
        const [response] = await once(request, "response");
        expect(await digest(response)).toEqual({ hash: sha1(body), bytes: body.length });
      };
      await Promise.all(Array.from({ length: 20 }, answer));
      server.close();
      expect(await house.over()).toBe("empty");
    });
  },
);

async function expectEcho(client: TLSSocket, size: number): Promise<void> {
  const body = randomBytes(size);
  client.end(body);
  expect(await digest(client)).toEqual({ hash: sha1(body), bytes: size });
}
