import { once } from "node:events";
import { existsSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import {
  errnoOf,
  type Fd,
  IN_PROGRESS,
  type Kernel,
  systemKernel,
  WOULD_BLOCK,
} from "../../src/kernel/index.js";
import { SLICE_MS } from "../../src/sockets/blocking.js";
import { Socket } from "../../src/sockets/socket.js";
import { SO_RCVTIMEO, SO_SNDTIMEO } from "../../src/sockets/socket-options.js";
import { differences, openDescriptors, settledDifferences } from "../support/descriptors.js";
import { type FaultKernel, faultKernel } from "../support/fault-kernel.js";
import { accept, errorOf, ipAddress, pair, receive, send, track, until } from "./support.js";

const buffer = Buffer.alloc(64);

/** Longer than one slice: the wait goes on in JavaScript. */
const LONG_MS = SLICE_MS + 50;

function elapsedMs(act: () => void): number {
  const start = performance.now();
  act();
  return performance.now() - start;
}

function blockingPair(type: "stream" | "dgram" = "stream"): [Socket, Socket] {
  const [a, b] = Socket.pair({ type, blocking: true });
  return [track(a), track(b)];
}

/** A kernel, and how often `act` made it wait and look. */
function counting(): Pick<FaultKernel, "kernel"> & {
  counts(act: () => void): { recv: number; poll: number };
} {
  const faults = faultKernel();
  return {
    kernel: faults.kernel,
    counts(act) {
      faults.clear();
      act();
      return { recv: faults.count("recv"), poll: faults.count("poll") };
    },
  };
}

describe("a limit (SO_RCVTIMEO, SO_SNDTIMEO)", () => {
  test.each([20, LONG_MS])("of %d ms ends recv with WOULD_BLOCK, not early", (limitMs) => {
    const [a] = blockingPair();
    a.setOption(SO_RCVTIMEO, limitMs);
    expect(a.getOption(SO_RCVTIMEO)).toBe(limitMs);
    const ms = elapsedMs(() => expect(a.recv(buffer)).toBe(WOULD_BLOCK));
    expect(ms).toBeGreaterThanOrEqual(limitMs);
  });

  test("ends the other receiving calls too", () => {
    const [a] = blockingPair("dgram");
    a.setOption(SO_RCVTIMEO, 5);
    expect(a.recvfrom(buffer)).toBeUndefined();
    expect(a.recvmsg(buffer)).toBeUndefined();
    const listener = track(Socket.listenTcp({ blocking: true }));
    listener.setOption(SO_RCVTIMEO, 5);
    expect(listener.accept()).toBeUndefined();
  });

  test.each([20, LONG_MS])("of %d ms ends send, which says what went before", (limitMs) => {
    const [a] = blockingPair();
    a.setOption(SO_SNDTIMEO, limitMs);
    const chunk = Buffer.alloc(1 << 20);
    let result = 0;
    const ms = elapsedMs(() => {
      while (result >= 0) result = a.send(chunk);
    });
    expect(result).toBe(WOULD_BLOCK);
    expect(ms).toBeGreaterThanOrEqual(limitMs);
  });

  test("is at first for ever, and belongs to one direction", () => {
    const [a] = blockingPair();
    expect([a.getOption(SO_RCVTIMEO), a.getOption(SO_SNDTIMEO)]).toEqual([0, 0]);
    a.setOption(SO_RCVTIMEO, 1000);
    expect([a.getOption(SO_RCVTIMEO), a.getOption(SO_SNDTIMEO)]).toEqual([1000, 0]);
  });

  test.runIf(process.platform === "linux")("ends connect: IN_PROGRESS, and SYN_SENT", () => {
    const listener = track(Socket.listenTcp({ backlog: 0 }));
    const address = ipAddress(listener.localAddress);
    const first = track(Socket.tcp());
    first.connect(address);
    until("ESTABLISHED", () => first.state);
    const client = track(Socket.tcp({ blocking: true }));
    client.setOption(SO_SNDTIMEO, LONG_MS);
    const ms = elapsedMs(() => expect(client.connect(address)).toBe(IN_PROGRESS));
    expect(ms).toBeGreaterThanOrEqual(LONG_MS);
    expect(client.state).toBe("SYN_SENT");
  });

  test.runIf(process.platform === "linux")(
    "ends a unix connect to a full queue: WOULD_BLOCK",
    () => {
      const path = `\0sockets-blocking-${process.pid}`;
      track(Socket.listenUnix({ path, backlog: 0 }));
      let result = 0;
      while (result === 0) {
        const client = track(Socket.unix({ blocking: true }));
        client.setOption(SO_SNDTIMEO, 20);
        result = client.connect({ path });
      }
      expect(result).toBe(WOULD_BLOCK);
    },
  );
});

describe("a blocking socket", () => {
  test("answers at once when there is something, or the end", () => {
    const [a, b] = blockingPair();
    send(b, "x");
    expect(a.recv(buffer)).toBe(1);
    b.close();
    expect(a.recv(buffer)).toBe(0);
  });

  test("connects and accepts; what a blocking listener accepts is blocking", () => {
    const listener = track(Socket.listenTcp({ blocking: true }));
    const client = track(Socket.tcp({ blocking: true }));
    expect(client.connect(ipAddress(listener.localAddress))).toBe(0);
    expect(client.state).toBe("ESTABLISHED");
    const server = accept(listener);
    expect(server.isBlocking).toBe(true);
    server.setOption(SO_RCVTIMEO, 5);
    expect(server.recv(buffer)).toBe(WOULD_BLOCK);
  });

  test("that is refused throws from connect", () => {
    const holder = track(Socket.tcp());
    holder.bind({ address: "127.0.0.1", port: 0 });
    const client = track(Socket.tcp({ blocking: true }));
    const { port } = ipAddress(holder.localAddress);
    expect(errorOf(() => client.connect({ address: "127.0.0.1", port }))).toMatchObject({
      code: "ECONNREFUSED",
      syscall: "connect",
      port,
    });
  });

  test("does not wait with MSG_DONTWAIT, nor for the error queue", () => {
    const { MSG_DONTWAIT, MSG_ERRQUEUE } = systemKernel.constants;
    const [a] = blockingPair();
    expect(a.recv(buffer, 0, 1, MSG_DONTWAIT)).toBe(WOULD_BLOCK);
    const udp = track(Socket.udp({ blocking: true }));
    if (MSG_ERRQUEUE) expect(udp.recvmsg(buffer, { flags: MSG_ERRQUEUE })).toBeUndefined();
  });

  test("throws what ends the wait", () => {
    const [a] = blockingPair();
    a.shutdown("write");
    expect(() => a.send(buffer)).toThrow("send EPIPE");
  });

  test("can be made one, and unmade", () => {
    const { kernel, counts } = counting();
    const [a] = Socket.pair({ kernel }).map(track) as [Socket, Socket];
    expect(a.isBlocking).toBe(false);
    a.setBlocking(true);
    expect(a.isBlocking).toBe(true);
    a.setOption(SO_RCVTIMEO, 5);
    expect(a.recv(buffer)).toBe(WOULD_BLOCK);
    a.setBlocking(false);
    expect(counts(() => a.recv(buffer))).toEqual({ recv: 1, poll: 0 });
  });

  test("whose O_NONBLOCK somebody else set still waits", () => {
    const { kernel, counts } = counting();
    const [a] = Socket.pair({ kernel, blocking: true }).map(track) as [Socket, Socket];
    systemKernel.fcntl_nonblock(a.fileno(), true);
    a.setOption(SO_RCVTIMEO, LONG_MS);
    const { poll, recv } = counts(() => expect(a.recv(buffer)).toBe(WOULD_BLOCK));
    // It did not spin: one wait for each slice, and a look after it.
    expect(poll).toBeGreaterThan(0);
    expect(Math.max(poll, recv)).toBeLessThanOrEqual(1 + Math.ceil(LONG_MS / SLICE_MS));
  });
});

interface BlockedWorker {
  readonly worker: Worker;
  /** Resolves when the thread is in its second slice: it blocks. */
  isBlocked(): Promise<void>;
}

function startWorker(task: "recv" | "accept" | "send", fd: Fd): BlockedWorker {
  if (!existsSync(new URL("../../dist/index.js", import.meta.url))) {
    throw new Error("Workers run the built package and there is none: npm run build:ts");
  }
  const waits = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL("./fixtures/blocking-worker.mjs", import.meta.url), {
    workerData: { task, fd, waits },
  });
  let failure: unknown;
  worker.on("error", (error) => {
    failure = error;
  });
  return {
    worker,
    async isBlocked() {
      while (Atomics.load(waits, 0) === 0) {
        if (failure !== undefined) throw failure;
        await turn();
      }
    },
  };
}

describe.each([1, 2])("whose kernel refuses slice %d (SO_RCVTIMEO, SO_SNDTIMEO)", (nth) => {
  function refusing(): FaultKernel {
    return faultKernel(undefined, [{ call: "setsockopt_time", errno: "EINVAL", nth }]);
  }

  test("fromFd() leaves the descriptor open, the caller's and as it was", () => {
    const [a, b] = pair();
    const fd = a.detach();
    const faults = refusing();
    const { kernel } = faults;
    const error = errorOf(() => Socket.fromFd(fd, { kernel, blocking: true }));
    expect(error).toMatchObject({ code: "EINVAL", syscall: "setsockopt" });
    expect(systemKernel.close(fd)).toBe(errnoOf("EBADF")); // not this environment's
    expect(faults.count("fcntl_nonblock")).toBe(0); // still does not block
    const again = track(Socket.fromFd(fd, { kernel, blocking: true }));
    send(b, "in the buffer");
    expect(receive(again)).toBe("in the buffer");
  });

  test("whatever opens a socket closes it again", () => {
    const before = openDescriptors();
    for (const open of [
      (kernel: Kernel) => Socket.tcp({ kernel, blocking: true }),
      (kernel: Kernel) => Socket.listenTcp({ kernel, blocking: true }),
      (kernel: Kernel) => Socket.pair({ kernel, blocking: true }),
    ]) {
      expect(errorOf(() => open(refusing().kernel))).toMatchObject({ code: "EINVAL" });
      expect(differences(before, openDescriptors())).toEqual([]);
    }
  });

  test("of the second of a pair, both are closed", () => {
    const before = openDescriptors();
    const faults = faultKernel();
    faults.fail({ call: "setsockopt_time", errno: "EINVAL", nth: 2 + nth });
    const { kernel } = faults;
    expect(errorOf(() => Socket.pair({ kernel, blocking: true }))).toMatchObject({
      code: "EINVAL",
    });
    expect(differences(before, openDescriptors())).toEqual([]);
  });

  test("accept() closes the connection, and the listener goes on", () => {
    const faults = faultKernel();
    const { kernel } = faults;
    const listener = track(Socket.listenTcp({ kernel, blocking: true }));
    const [lost, next] = [1, 2].map(() => track(Socket.tcp())) as [Socket, Socket];
    lost.connect(ipAddress(listener.localAddress));
    const before = openDescriptors();
    faults.fail({ call: "setsockopt_time", errno: "EINVAL", nth });
    expect(errorOf(() => listener.accept())).toMatchObject({ code: "EINVAL" });
    expect(differences(before, openDescriptors())).toEqual([]);
    next.connect(ipAddress(listener.localAddress));
    expect(track(accept(listener)).isBlocking).toBe(true);
  });

  test("setBlocking() changes nothing", () => {
    const { kernel } = refusing();
    const [a] = Socket.pair({ kernel }).map(track) as [Socket];
    expect(errorOf(() => a.setBlocking(true))).toMatchObject({ code: "EINVAL" });
    expect(a.isBlocking).toBe(false);
    expect(a.recv(buffer)).toBe(WOULD_BLOCK);
  });
});

describe("in a worker", () => {
  test("recv waits for bytes that come later than a slice", async () => {
    const [a, b] = pair();
    const { worker, isBlocked } = startWorker("recv", a.detach());
    const [message, exit] = [once(worker, "message"), once(worker, "exit")];
    await isBlocked();
    send(b, "at last");
    expect(await message).toEqual(["at last"]);
    expect(await exit).toEqual([0]);
    expect(receive(b)).toBe(""); // The worker closed its end.
  });

  test("accept waits, and serves its connection with blocking calls", async () => {
    const listener = Socket.listenTcp();
    const address = ipAddress(listener.localAddress);
    const { worker, isBlocked } = startWorker("accept", listener.detach());
    const [message, exit] = [once(worker, "message"), once(worker, "exit")];
    await isBlocked();
    const client = track(Socket.tcp());
    client.connect(address);
    until("ESTABLISHED", () => client.state);
    for (const text of ["one", "two"]) {
      send(client, text);
      expect(receive(client)).toBe(text);
    }
    client.shutdown("write");
    expect(await message).toEqual([true]);
    expect(await exit).toEqual([0]);
  });

  test.each(["recv", "accept", "send"] as const)(
    "terminate() ends a blocked %s, and its descriptor is closed",
    async (task) => {
      const before = openDescriptors();
      const [near, far] = task === "accept" ? [Socket.listenTcp()] : Socket.pair();
      const { worker, isBlocked } = startWorker(task, near.detach());
      await isBlocked();
      await worker.terminate();
      far?.close();
      expect(await settledDifferences(before)).toEqual([]);
    },
  );
});
