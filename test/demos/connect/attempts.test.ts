/** The kernel that looks on tells each address that `connect` tries, and changes nothing. */
import { describe, expect, onTestFinished, test } from "vitest";
import { tellingKernel } from "../../../src/demos/connect/attempts.js";
import { connect, Reactor, Socket, systemKernel } from "../../../src/index.js";

interface Tried {
  readonly lines: readonly string[];
  readonly result: unknown;
}

/** Connects to a name with these addresses. */
async function tryAll(addresses: readonly string[], port: number): Promise<Tried> {
  const lines: string[] = [];
  const kernel = tellingKernel(systemKernel, (line) => lines.push(line));
  const reactor = new Reactor({ kernel });
  onTestFinished(() => reactor.close());
  const running = reactor.run();
  const lookup = async () =>
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  const result = await connect(reactor, { host: "name", port, lookup }).catch((error) => error);
  if ("destroy" in result) result.destroy();
  reactor.close();
  await running;
  return { lines, result };
}

/** A port that nobody listens on at 127.0.0.2, and somebody at 127.0.0.1. */
function halfServedPort(): number {
  const listener = Socket.listenTcp();
  const { port } = listener.localAddress as { port: number };
  const holder = Socket.tcp();
  onTestFinished(() => {
    for (const socket of [listener, holder]) socket.close();
  });
  holder.bind({ address: "127.0.0.2", port });
  return port;
}

describe.skipIf(process.platform !== "linux")("attempts (127.0.0.2 is there on Linux)", () => {
  test("that are refused are told, and the one that succeeds is not its business", async () => {
    const port = halfServedPort();
    const { lines, result } = await tryAll(["127.0.0.2", "127.0.0.1"], port);
    expect(lines).toEqual([`CLOSED 127.0.0.2:${port}: ECONNREFUSED`]);
    expect(result).not.toBeInstanceOf(Error);
  });

  test("that all fail are all told", async () => {
    const port = halfServedPort();
    const { lines, result } = await tryAll(["127.0.0.2", "255.255.255.255"], port);
    expect(lines).toEqual([
      `CLOSED 127.0.0.2:${port}: ECONNREFUSED`,
      expect.stringMatching(/^CLOSED 255\.255\.255\.255:\d+: E(NETUNREACH|ACCES|CONNREFUSED)$/),
    ]);
    expect(result).toBeInstanceOf(Error);
  });
});

test("of other sockets it says nothing", async () => {
  const lines: string[] = [];
  const kernel = tellingKernel(systemKernel, (line) => lines.push(line));
  const listener = Socket.listenTcp({ kernel });
  expect(listener.getError()).toBeUndefined();
  listener.close();
  const unix = Socket.unix({ kernel });
  expect(() => unix.connect({ path: "/nowhere/at/all" })).toThrow("ENOENT");
  unix.close();
  expect(lines).toEqual([]);
});
