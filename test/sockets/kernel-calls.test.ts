import { describe, expect, test } from "vitest";
import { errnoOf, type Kernel, systemKernel } from "../../src/kernel/index.js";
import { DatagramBatch } from "../../src/sockets/datagram-batch.js";
import { Socket } from "../../src/sockets/socket.js";
import { openDescriptors } from "../support/descriptors.js";
import { errorOf, ipAddress, track, untilReadable } from "./support.js";

/** The system's kernel, noting which calls were made. */
function countingKernel(): { kernel: Kernel; calls: string[] } {
  const calls: string[] = [];
  const counted = Object.entries(systemKernel).map(([name, call]) => [
    name,
    typeof call !== "function"
      ? call
      : (...args: unknown[]) => {
          calls.push(name);
          return call(...args);
        },
  ]);
  return { kernel: Object.fromEntries(counted), calls };
}

/** The system's kernel, but the first `accept4` calls answer these. */
function refusingKernel(...answers: number[]): Kernel {
  return {
    ...systemKernel,
    accept4: (...args) => answers.shift() ?? systemKernel.accept4(...args),
  };
}

function listenWithClient(kernel: Kernel): { listener: Socket; client: Socket } {
  const listener = track(Socket.listenTcp({ kernel }));
  const client = track(Socket.tcp({ kernel }));
  client.connect(ipAddress(listener.localAddress));
  untilReadable(listener);
  return { listener, client };
}

describe("one call of a method is one call of the kernel", () => {
  const buffer = Buffer.alloc(8);

  test.each([
    ["recv", (socket: Socket) => socket.recv(buffer)],
    ["send", (socket: Socket) => socket.send(buffer)],
    ["recvfrom", (socket: Socket) => socket.recvfrom(buffer)],
    ["recvmsg", (socket: Socket) => socket.recvmsg(buffer)],
    ["sendmsg", (socket: Socket) => socket.sendmsg(buffer)],
    ["recvmmsg", (socket: Socket) => socket.recvmmsg(new DatagramBatch())],
  ] as const)("%s", (name, call) => {
    const { kernel, calls } = countingKernel();
    const [a, b] = Socket.pair({ type: "dgram", kernel });
    track(a);
    track(b);
    calls.length = 0;
    call(a);
    expect(calls).toEqual([name]);
  });

  test("accept, and what it accepts comes with nothing more", () => {
    const { kernel, calls } = countingKernel();
    const { listener } = listenWithClient(kernel);
    calls.length = 0;
    const server = listener.accept();
    expect(calls).toEqual(["accept4"]);
    expect(server?.kernel).toBe(kernel);
    expect(listener.accept()).toBeUndefined();
    expect(calls).toEqual(["accept4", "accept4"]);
    server?.close();
    expect(calls).toEqual(["accept4", "accept4", "close"]);
  });
});

describe("accept()", () => {
  test("passes over connections that were given up", () => {
    const aborted = errnoOf("ECONNABORTED");
    const { listener } = listenWithClient(refusingKernel(aborted, aborted));
    expect(track(listener.accept() ?? listener).isClosed).toBe(false);
    expect(listener.accept()).toBeUndefined();
  });

  test("given up, and nothing behind it: undefined", () => {
    const listener = track(Socket.listenTcp({ kernel: refusingKernel(errnoOf("ECONNABORTED")) }));
    expect(listener.accept()).toBeUndefined();
  });

  test("without a free descriptor throws EMFILE, and the connection stays", () => {
    const { listener } = listenWithClient(refusingKernel(errnoOf("EMFILE")));
    expect(errorOf(() => listener.accept())).toMatchObject({ code: "EMFILE", syscall: "accept" });
    expect(track(listener.accept() ?? listener)).not.toBe(listener);
  });
});

describe("opening", () => {
  const failing = (calls: Partial<Kernel>): Kernel => ({ ...systemKernel, ...calls });

  test.each([
    ["setsockopt", failing({ setsockopt_int: () => errnoOf("EINVAL") })],
    ["bind", failing({ bind: () => errnoOf("EACCES") })],
    ["listen", failing({ listen: () => errnoOf("EADDRINUSE") })],
  ])("that fails in %s leaves no descriptor", (syscall, kernel) => {
    const before = openDescriptors().size;
    expect(errorOf(() => Socket.listenTcp({ kernel }))).toMatchObject({ syscall });
    expect(openDescriptors().size).toBe(before);
  });

  test("without a free descriptor throws EMFILE", () => {
    const kernel = failing({
      socket: () => errnoOf("EMFILE"),
      socketpair: () => errnoOf("EMFILE"),
    });
    for (const open of [
      () => Socket.tcp({ kernel }),
      () => Socket.udp({ kernel }),
      () => Socket.unix({ kernel }),
      () => Socket.pair({ kernel }),
      () => Socket.listenTcp({ kernel }),
      () => Socket.listenUnix({ kernel, path: "/none" }),
    ]) {
      expect(open).toThrow(expect.objectContaining({ code: "EMFILE" }));
    }
  });
});

test("a SystemError of accept says nothing of an address it does not know", () => {
  const listener = track(Socket.listenTcp({ kernel: refusingKernel(errnoOf("ENOBUFS")) }));
  expect(() => listener.accept()).toThrow(/^accept ENOBUFS: [a-z ]+$/);
});
