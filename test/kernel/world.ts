/**
 * What the property test's calls are made on: a few descriptors of each kind, all of the test's
 * own. A world lives for one call; whatever the call opened is closed with it.
 */
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ADDRESS_BYTES, systemKernel as kernel } from "../../src/kernel/index.js";
import { loopback, parseControl, rights } from "./support.js";

const { AF_INET, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOL_SOCKET, SCM_RIGHTS } = kernel.constants;
const self = fileURLToPath(import.meta.url);
const two = new Int32Array(2);

/** Calls that answer a descriptor. */
const MAKERS = new Set(["socket", "accept4", "dup", "eventfd", "epoll_create1", "kqueue"]);
/** Calls that put two into their last argument. */
const PAIR_MAKERS = new Set(["socketpair", "pipe2"]);

export class World {
  readonly #own = new Set<number>();
  readonly #file = openSync(self, "r");
  /** What a call may be given, in a fixed order. */
  readonly fds: readonly number[];
  /** The record of a listening TCP socket. */
  readonly address = new Uint8Array(ADDRESS_BYTES);

  constructor() {
    const listener = this.#add(kernel.socket(AF_INET, SOCK_STREAM, 0, false));
    kernel.bind(listener, loopback());
    kernel.listen(listener, 4);
    kernel.getsockname(listener, this.address);
    // One connection that waits to be accepted.
    const client = this.#add(kernel.socket(AF_INET, SOCK_STREAM, 0, false));
    kernel.connect(client, this.address);
    const udp = this.#add(kernel.socket(AF_INET, SOCK_DGRAM, 0, false));
    kernel.bind(udp, loopback());
    const stream = this.#pair(kernel.socketpair(AF_UNIX, SOCK_STREAM, 0, false, two));
    const datagram = this.#pair(kernel.socketpair(AF_UNIX, SOCK_DGRAM, 0, false, two));
    const pipe = this.#pair(kernel.pipe2(false, two));
    kernel.write(stream[1], Buffer.from("waiting"), 0, 7);
    // Descriptors that wait to be received.
    kernel.sendmsg(datagram[1], [Buffer.from("fds")], 0, undefined, rights(...pipe));
    const queues = [];
    const epoll = kernel.epoll_create1();
    if (epoll >= 0) {
      queues.push(this.#add(epoll), this.#add(kernel.eventfd()));
      const { EPOLL_CTL_ADD = 0, EPOLLIN = 0 } = kernel.constants;
      kernel.epoll_ctl(epoll, EPOLL_CTL_ADD, stream[0], EPOLLIN, 7, -7);
    }
    this.fds = [listener, client, udp, ...stream, ...datagram, ...pipe, ...queues, this.#file];
  }

  /** Notes what a call opened or closed. */
  note(call: string, args: readonly unknown[], result: unknown): void {
    if (typeof result !== "number" || result < 0) return;
    if (MAKERS.has(call)) this.#add(result);
    if (PAIR_MAKERS.has(call)) {
      const out = args[call === "pipe2" ? 1 : 4] as Int32Array;
      this.#add(out[0] as number);
      this.#add(out[1] as number);
    }
    if (call === "close") this.#own.delete(args[0] as number);
    if (call === "recvmsg" && args[6] instanceof Uint8Array) {
      const used = (args[7] as Int32Array)[1] as number;
      this.#addReceived(args[6].subarray(0, used));
    }
  }

  close(): void {
    kernel.disown(this.#file);
    closeSync(this.#file);
    for (const fd of this.#own) {
      kernel.adopt(fd); // The call may have disowned it.
      kernel.close(fd);
    }
  }

  #add(fd: number): number {
    if (fd < 0) throw new Error(`A descriptor was expected: ${fd}`);
    this.#own.add(fd);
    return fd;
  }

  #pair(result: number): [number, number] {
    if (result < 0) throw new Error(`A pair was expected: ${result}`);
    return [this.#add(two[0] as number), this.#add(two[1] as number)];
  }

  #addReceived(records: Uint8Array): void {
    for (const { level, type, bytes } of parseControl(records)) {
      if (level !== SOL_SOCKET || type !== SCM_RIGHTS) continue;
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      for (let at = 0; at < bytes.length; at += 4) this.#add(view.getInt32(at, true));
    }
  }
}
