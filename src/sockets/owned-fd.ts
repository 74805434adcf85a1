/**
 * A descriptor with exactly one owner. The order of giving it up is the point of this file: the
 * hooks first, so that every selector forgets the descriptor, then close(2), after which the
 * number may be anybody's.
 */
import {
  type CloseHook,
  check,
  errnoOf,
  type Fd,
  type Kernel,
  misuse,
  NO_FD,
  type Registrable,
  SystemError,
} from "../kernel/index.js";
import { type Watch, watch, watchAccepted } from "./abandonment.js";

const EBADF = errnoOf("EBADF");

export abstract class OwnedFd implements Registrable, Disposable {
  /** The kernel that made the descriptor; its calls are the only ones that know the number. */
  readonly kernel: Kernel;
  #fd: Fd;
  /** One by itself: most sockets are in one selector. */
  #hooks: CloseHook | CloseHook[] | undefined;
  #isClosing = false;
  #watch: Watch | undefined;

  protected constructor(kernel: Kernel, fd: Fd, origin: "opened" | "accepted") {
    this.kernel = kernel;
    this.#fd = fd;
    this.#watch = origin === "opened" ? watch(this, fd) : watchAccepted(this, fd);
  }

  /** The descriptor; -1 once closed or detached. */
  fileno(): Fd {
    return this.#fd;
  }

  /** True after `close()` and `detach()`. */
  get isClosed(): boolean {
    return this.#fd < 0;
  }

  /**
   * Calls `hook` right before the descriptor is closed or detached, while `fileno()` still answers
   * it. On a closed socket it is never called.
   *
   * @returns a function that removes the hook.
   */
  onClose(hook: () => void): () => void {
    const entry: CloseHook = { closing: hook };
    this.addCloseHook(entry);
    return () => this.removeCloseHook(entry);
  }

  /** As `onClose`, for an object that is its own hook. On a closed socket it is never called. */
  addCloseHook(hook: CloseHook): void {
    if (this.#fd < 0) return;
    if (this.#hooks === undefined) this.#hooks = hook;
    else if (Array.isArray(this.#hooks)) this.#hooks.push(hook);
    else this.#hooks = [this.#hooks, hook];
  }

  removeCloseHook(hook: CloseHook): void {
    if (this.#hooks === hook) this.#hooks = undefined;
    if (!Array.isArray(this.#hooks)) return;
    const index = this.#hooks.indexOf(hook);
    if (index >= 0) this.#hooks.splice(index, 1);
  }

  /**
   * Runs the `onClose` hooks, then close(2). Idempotent; inside a hook it does nothing. What is not
   * sent yet goes on being sent by the kernel, unless SO_LINGER says otherwise.
   *
   * @throws SystemError EBADF if somebody else closed the descriptor: a bug, for the number may
   *   have had a new owner.
   */
  close(): void {
    if (this.#fd < 0 || this.#isClosing) return;
    const errors = this.#runHooks();
    const result = this.kernel.close(this.#giveUp());
    // Other errors (EINTR, EIO) leave the descriptor closed; there is nothing left to do.
    if (result === EBADF) errors.push(new SystemError("close", result));
    if (errors.length > 0) throw errors[0];
  }

  /**
   * Runs the `onClose` hooks and gives the descriptor up without closing it: for another thread or
   * another library, which from then on has to close it (`Socket.fromFd`).
   *
   * @throws Error ERR_SOCKET_CLOSED on a closed socket.
   */
  detach(): Fd {
    const fd = this.openFd();
    if (this.#isClosing) throw closedError();
    const errors = this.#runHooks();
    if (errors.length > 0) {
      this.#isClosing = false;
      throw errors[0];
    }
    const result = this.kernel.disown(fd);
    if (result < 0) this.#isClosing = false;
    check("detach", result);
    return this.#giveUp();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The descriptor of an open socket. */
  protected openFd(): Fd {
    if (this.#fd < 0) throw closedError();
    return this.#fd;
  }

  #giveUp(): Fd {
    const fd = this.#fd;
    this.#fd = NO_FD;
    if (this.#watch !== undefined) this.#watch.isOpen = false;
    return fd;
  }

  /** All of them, even if one throws; answers what they threw. */
  #runHooks(): unknown[] {
    this.#isClosing = true;
    const errors: unknown[] = [];
    for (let hook = this.#nextHook(); hook !== undefined; hook = this.#nextHook()) {
      try {
        hook.closing();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }

  #nextHook(): CloseHook | undefined {
    if (Array.isArray(this.#hooks)) return this.#hooks.shift();
    const hook = this.#hooks;
    this.#hooks = undefined;
    return hook;
  }
}

function closedError(): Error {
  return misuse(Error, "ERR_SOCKET_CLOSED", "The socket is closed");
}
