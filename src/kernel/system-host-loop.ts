/**
 * The real host loop: Node's, through the addon's `hostLoop` calls (native/host_poll.cc and
 * native/host_attachment.cc). They answer 0 or -errno; a handle that is closed answers EBADF where
 * it is asked to begin something, and 0 where it is asked to end it.
 */
import { check, misuse } from "./errors.js";
import type { HostAttachment, HostLoop, HostPoll, TurnReason } from "./host-loop.js";

declare const brand: unique symbol;
type PollHandle = { readonly [brand]: "HostPoll" };
type AttachmentHandle = { readonly [brand]: "HostAttachment" };

/** What the addon exports beside the system calls. */
export interface HostLoopCalls {
  pollOpen(fd: number, callback: () => void): PollHandle | number;
  pollArm(poll: PollHandle): number;
  pollDisarm(poll: PollHandle): number;
  pollClose(poll: PollHandle): number;
  /** @param dirty on a SharedArrayBuffer. */
  attachmentOpen(dirty: Int32Array, onTurn: (reason: TurnReason) => void): AttachmentHandle;
  attachmentWatch(attachment: AttachmentHandle, fd: number): number;
  attachmentUnwatch(attachment: AttachmentHandle): number;
  attachmentSetTimer(attachment: AttachmentHandle, delayMs: number): number;
  attachmentClearTimer(attachment: AttachmentHandle): number;
  attachmentSetRef(attachment: AttachmentHandle, isRef: boolean): number;
  attachmentClose(attachment: AttachmentHandle): number;
}

export class SystemHostLoop implements HostLoop {
  readonly #calls: HostLoopCalls;

  constructor(calls: HostLoopCalls) {
    // A copy, because the addon's object is a dictionary and its look-ups are slow.
    this.#calls = { ...calls };
  }

  poll(fd: number, onReadable: () => void): HostPoll {
    refuseBun();
    const { pollOpen, pollArm, pollDisarm, pollClose } = this.#calls;
    const poll = pollOpen(fd, onReadable);
    if (typeof poll === "number") {
      check("uv_poll_init", poll);
      throw new Error("unreachable");
    }
    return {
      arm: () => void check("uv_poll_start", pollArm(poll)),
      disarm: () => void pollDisarm(poll),
      close: () => void pollClose(poll),
    };
  }

  attach(onTurn: (reason: TurnReason) => void): HostAttachment {
    refuseBun();
    return new SystemHostAttachment(this.#calls, onTurn);
  }
}

/** Bun answers uv_poll_init by ending the process; better to refuse here. */
function refuseBun(): void {
  if (process.versions["bun"] !== undefined) {
    throw misuse(Error, "ERR_UNSUPPORTED_RUNTIME", "Waiting in the host's loop needs libuv: Bun");
  }
}

class SystemHostAttachment implements HostAttachment {
  readonly dirty: Int32Array = new Int32Array(new SharedArrayBuffer(4));
  readonly #calls: HostLoopCalls;
  readonly #handle: AttachmentHandle;

  constructor(calls: HostLoopCalls, onTurn: (reason: TurnReason) => void) {
    this.#calls = calls;
    this.#handle = calls.attachmentOpen(this.dirty, onTurn);
  }

  watch(fd: number): void {
    check("uv_poll_init", this.#calls.attachmentWatch(this.#handle, fd));
  }

  unwatch(): void {
    this.#calls.attachmentUnwatch(this.#handle);
  }

  setTimer(delayMs: number): void {
    check("uv_timer_start", this.#calls.attachmentSetTimer(this.#handle, delayMs));
  }

  clearTimer(): void {
    this.#calls.attachmentClearTimer(this.#handle);
  }

  ref(): void {
    this.#calls.attachmentSetRef(this.#handle, true);
  }

  unref(): void {
    this.#calls.attachmentSetRef(this.#handle, false);
  }

  close(): void {
    this.#calls.attachmentClose(this.#handle);
  }
}
