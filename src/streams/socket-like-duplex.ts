/**
 * The part of a Duplex that looks like net.Socket: addresses, options, the idle timeout, counters.
 * It has what Node's http and tls, express, ws and their like ask of a connection, and as little
 * else. to-duplex.ts adds the bytes.
 *
 * The rule of the file: nothing here fails because the connection is over. net.Socket keeps silent
 * then, and callers rely on it.
 */
import { Duplex } from "node:stream";
import { SystemError } from "../kernel/index.js";
import {
  type IpAddress,
  isUnixAddress,
  SO_KEEPALIVE,
  SO_LINGER,
  type SocketOption,
  TCP_KEEPIDLE,
  TCP_NODELAY,
} from "../sockets/index.js";
import type { AdaptableStream } from "./adaptable-stream.js";

/** Bytes that a Duplex buffers in each direction, beyond what its stream does. */
export const DUPLEX_HIGH_BYTES: number = 64 * 1024;

export interface ToDuplexOptions {
  /**
   * Bytes unread at which the stream is paused; one chunk more may come. And bytes unsent at which
   * `write` answers false. @defaultValue {@link DUPLEX_HIGH_BYTES}
   */
  readonly highWaterMark?: number | undefined;
  /**
   * Keeps our side open when the peer has ended its own and that end was read.
   * @defaultValue that of the stream
   */
  readonly allowHalfOpen?: boolean | undefined;
}

/** As net.Socket's `address()`. */
export interface DuplexAddress {
  readonly address?: string;
  readonly family?: string;
  readonly port?: number;
}

/** What a Duplex of `toDuplex` has in common with net.Socket. */
export abstract class SocketLikeDuplex extends Duplex {
  /** It is connected, whatever net.Socket would have to wait for. */
  readonly connecting: boolean = false;
  readonly pending: boolean = false;
  /** Milliseconds, as it was set; undefined before. */
  timeout: number | undefined;
  protected readonly stream: AdaptableStream;
  #remote: IpAddress | undefined;
  #local: IpAddress | undefined;
  /** Bytes moved when the last "timeout" was emitted: of one idle time there is but one. */
  #movedAtTimeout = -1;

  protected constructor(stream: AdaptableStream, options: ToDuplexOptions) {
    super({
      highWaterMark: options.highWaterMark ?? DUPLEX_HIGH_BYTES,
      allowHalfOpen: options.allowHalfOpen ?? stream.allowHalfOpen,
      decodeStrings: false,
    });
    this.stream = stream;
  }

  get bytesRead(): number {
    return this.stream.bytesRead;
  }

  /** What the stream has taken, sent or not. */
  get bytesWritten(): number {
    return this.stream.bytesWritten + this.stream.pendingBytes;
  }

  get readyState(): "open" | "readOnly" | "writeOnly" | "closed" {
    if (this.readable) return this.writable ? "open" : "readOnly";
    return this.writable ? "writeOnly" : "closed";
  }

  /** undefined for a unix socket, and after the end unless it was asked for before. */
  get remoteAddress(): string | undefined {
    return this.#remoteName?.address;
  }

  get remotePort(): number | undefined {
    return this.#remoteName?.port;
  }

  get remoteFamily(): string | undefined {
    return this.#remoteName?.family;
  }

  get localAddress(): string | undefined {
    return this.#localName?.address;
  }

  get localPort(): number | undefined {
    return this.#localName?.port;
  }

  get localFamily(): string | undefined {
    return this.#localName?.family;
  }

  /** Where our end is bound; {} when that is not known. */
  address(): DuplexAddress {
    const name = this.#localName;
    if (name === undefined) return {};
    return { address: name.address, family: name.family, port: name.port };
  }

  /**
   * Emits "timeout" when nothing was received or sent for so long; nothing else happens. It is the
   * stream's idle deadline, and takes its place.
   *
   * @param timeoutMs 0: never.
   */
  setTimeout(timeoutMs: number, callback?: () => void): this {
    this.stream.setTimeouts({ idleMs: timeoutMs === 0 ? Infinity : timeoutMs });
    this.timeout = timeoutMs;
    this.#movedAtTimeout = -1;
    if (callback === undefined) return this;
    return timeoutMs === 0 ? this.off("timeout", callback) : this.once("timeout", callback);
  }

  /** TCP_NODELAY; nothing for a unix socket, and nothing that the kernel refuses. */
  setNoDelay(isOn = true): this {
    return this.#set(TCP_NODELAY, isOn);
  }

  /** SO_KEEPALIVE. @param initialDelayMs before the first probe; below 1000: as it was. */
  setKeepAlive(isOn = false, initialDelayMs = 0): this {
    this.#set(SO_KEEPALIVE, isOn);
    const seconds = Math.trunc(initialDelayMs / 1000);
    return isOn && seconds > 0 ? this.#set(TCP_KEEPIDLE, seconds) : this;
  }

  /** Does nothing: it is the reactor's run that keeps the process alive. */
  ref(): this {
    return this;
  }

  /** Does nothing, see `ref`: a run that ended would serve this stream no more. */
  unref(): this {
    return this;
  }

  /** Destroys it when everything is sent. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  /** Destroys it, and the peer gets a reset. */
  resetAndDestroy(): this {
    this.#set(SO_LINGER, 0);
    return this.destroy();
  }

  /** The stream was idle for as long as `setTimeout` said. */
  protected idled(): void {
    const moved = this.bytesRead + this.stream.bytesWritten;
    if (moved === this.#movedAtTimeout) return;
    this.#movedAtTimeout = moved;
    this.emit("timeout");
  }

  #set<T>(option: SocketOption<T> | undefined, value: T): this {
    const { socket, isDestroyed } = this.stream;
    if (socket === undefined || isDestroyed || option === undefined) return this;
    try {
      socket.setOption(option, value);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
    return this;
  }

  get #remoteName(): IpAddress | undefined {
    const { socket, isDestroyed } = this.stream;
    if (this.#remote !== undefined || socket === undefined || isDestroyed) return this.#remote;
    const name = socket.remoteAddress;
    if (name !== undefined && !isUnixAddress(name)) this.#remote = name;
    return this.#remote;
  }

  get #localName(): IpAddress | undefined {
    const { socket, isDestroyed } = this.stream;
    if (this.#local !== undefined || socket === undefined || isDestroyed) return this.#local;
    const name = socket.localAddress;
    if (name !== undefined && !isUnixAddress(name)) this.#local = name;
    return this.#local;
  }
}
