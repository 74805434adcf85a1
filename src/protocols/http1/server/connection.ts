/**
 * The life of one connection: what its stream calls, its deadlines, how it ends. request-intake.ts
 * has the requests, answer-order.ts the answers; all three are one object, for there are many.
 *
 * Deadlines cost a request nothing. The server's sweep looks at each connection a few times within
 * the shortest of them and compares what it sees with what it saw: a deadline runs from the first
 * look that found the state it is for, so it is never early, and late by two looks at most. Whether
 * it is over is asked of the time when the kernel was asked: a busy process is not the peer's fault.
 */
import type { Timer } from "../../../reactor/index.js";
import { SO_LINGER } from "../../../sockets/index.js";
import type { ByteQueue, SocketStream, StreamHandler } from "../../../streams/index.js";
import type { Answer } from "./channel.js";
import { goneError, HttpRequestError } from "./http-errors.js";
import { LINGER_BYTES_MAX } from "./limits.js";
import { RequestIntake } from "./request-intake.js";
import type { Listed, ServerState } from "./server-state.js";
import type { HttpTimeout } from "./stats.js";

/** What a connection waits for. */
const IN_HEAD = 0;
const IN_BODY = 1;
/** For its handler, to take the body. */
const BODY_WAITS = 2;
const IDLE = 3;
/** For its handler to answer, or its peer to take the answer. */
const ANSWERING = 4;
const PHASES = 5;

export class Connection extends RequestIntake implements StreamHandler<SocketStream>, Listed {
  previous: Listed | undefined = undefined;
  following: Listed | undefined = undefined;
  #isFinishing = false;
  #isTurnedAway = false;
  #lingerTimer: Timer | undefined = undefined;
  #lingerBytes = 0;
  // What the last sweep saw, and since when.
  #phase = -1;
  #phaseSinceMs = 0;
  #request = -1;
  #requestSinceMs = 0;
  #seenRead = 0;
  #seenWritten = 0;
  #stalledSinceMs = 0;

  constructor(server: ServerState, stream: SocketStream) {
    super(server, stream);
    server.add(this);
    stream.handler = this;
  }

  get bytesRead(): number {
    return this.stream.bytesRead;
  }

  get bytesWritten(): number {
    return this.stream.bytesWritten;
  }

  /** Too many connections: answered before it has asked. */
  turnAway(): void {
    this.#isTurnedAway = true;
    this.server.turnedAway += 1;
    this.server.counters.limits.connections += 1;
    this.refuse(503, new HttpRequestError("ERR_HTTP_OVERLOAD", 503, "Too many connections"));
  }

  // What the stream calls.

  onData(_: SocketStream, input: ByteQueue): void {
    if (!this.isStopped) this.advance();
    else if (this.#isFinishing) this.#drop(input);
  }

  /** A half-closed peer may still read: what it has asked for is answered, and no more. */
  onEnd(): void {
    this.isPeerEnded = true;
    let answer = this.first;
    if (answer !== undefined) {
      const error = goneError();
      for (; answer !== undefined; answer = answer.next) answer.peerEnded(error);
    }
    this.advance();
  }

  onDrain(): void {
    this.wakeFront();
    this.advance();
  }

  /** Everything is sent, and FIN: the peer gets some time to read it and to close (RFC 9112 §9.6). */
  onFinish(stream: SocketStream): void {
    const { lingerMs } = this.server.settings;
    if (stream.hasReadEnded || lingerMs === Infinity || this.server.reactor.isClosed) return;
    this.#lingerTimer = this.server.reactor
      .timer(lingerMs, () => {
        this.server.counters.timeouts.linger += 1;
        stream.destroy();
      })
      .unref();
  }

  /** The stream's own deadlines: `sweep` and the linger timer are instead of them. */
  onTimeout(): void {}

  onClose(_: SocketStream, error: Error | undefined): void {
    this.isStopped = true;
    this.#lingerTimer?.stop();
    // A handler that destroys may still read its head, whose bytes are free for others now.
    if (this.isBatching) this.parser?.head.keep();
    this.parser = undefined;
    if (this.#isTurnedAway) this.server.turnedAway -= 1;
    this.server.remove(this);
    this.#abortAll(goneError(error));
  }

  // How it ends.

  destroy(): void {
    this.stream.destroy();
  }

  drain(isNewToo: boolean): void {
    if (this.isStopped || this.unanswered > 0 || this.receiving !== undefined) return;
    if (this.hasWaitingInput || this.isInHead || (this.messages === 0 && !isNewToo)) return;
    this.finish();
  }

  protected finish(): void {
    if (this.#isFinishing || this.stream.isDestroyed) return;
    this.#isFinishing = true;
    this.isStopped = true;
    this.parser = undefined;
    this.flushText();
    this.#abortAll(goneError());
    if (this.stream.isDestroyed) return;
    this.stream.end();
    if (!this.isBatching) this.stopped();
  }

  /** Not while a handler may still read a head, whose bytes may be the queue's. */
  protected stopped(): void {
    if (!this.#isFinishing || this.stream.isDestroyed) return;
    this.stream.input.clear();
    this.readOn();
  }

  handOver(answer: Answer): SocketStream {
    const { server, stream } = this;
    server.counters.upgrades += 1;
    server.counters.responses += 1;
    server.counters.activeRequests -= 1;
    this.shift(answer.next);
    this.flushText();
    this.isStopped = true;
    this.isHandedOver = true;
    this.parser = undefined;
    server.remove(this);
    stream.handler = {};
    stream.allowHalfOpen = false;
    stream.resume(); // what is unread is delivered to the next handler
    return stream;
  }

  mustClose(answer: Answer): boolean {
    if (!answer.keepAlive || (answer === this.receiving && this.isBodyTooLong)) return true;
    if (!this.isStopped && !this.server.isDraining && !this.isPeerEnded) return false;
    return answer === this.last && (this.isStopped || !this.hasWaitingInput);
  }

  protected answered(isLast: boolean): void {
    const { receiving } = this;
    if (isLast || (this.isStopped && this.unanswered === 0)) this.finish();
    else if (receiving?.isEnded === true && this.isBodyTooLong) this.finish();
    else {
      if (receiving?.isEnded === true && receiving.request?.reader === undefined) {
        receiving.request?.drop();
      }
      this.advance();
    }
  }

  #drop(input: ByteQueue): void {
    this.#lingerBytes += input.length;
    input.clear();
    if (this.#lingerBytes <= LINGER_BYTES_MAX) return;
    // No more: the peer is made to wait, and has the rest of the time to read the answer.
    this.server.counters.limits.linger += 1;
    this.stream.pause();
  }

  /** Handlers hear that nothing will come of their requests. */
  #abortAll(error: Error): void {
    const request = this.receiving?.request;
    this.receiving = undefined;
    this.abortRequest(request, error);
    this.abortAnswers(error);
  }

  // Deadlines.

  sweep(nowMs: number, askedMs: number): void {
    // Who is not read from, because there is too much to read or nothing more, is not polled.
    if (!this.stream.isReading && this.stream.socket.state === "CLOSED") {
      this.stream.destroy(goneError());
      return;
    }
    this.#sweepOutput(nowMs, askedMs);
    if (!this.stream.isReadDue) {
      this.#sweepInput(nowMs, askedMs);
      return;
    }
    // After a long turn of others': what is there came in time, perhaps, and is received first.
    const { reactor } = this.server;
    reactor.deferPlain(() => this.#sweepInput(reactor.kernel.nowMs(), askedMs));
  }

  #sweepInput(nowMs: number, askedMs: number): void {
    if (this.isStopped || this.stream.isDestroyed) return;
    const phase = this.#currentPhase();
    const key = this.messages * PHASES + phase;
    const { bytesRead } = this.stream;
    if (key !== this.#phase || (phase === IN_BODY && bytesRead !== this.#seenRead)) {
      this.#phase = key;
      this.#phaseSinceMs = nowMs;
    } else if (askedMs - this.#phaseSinceMs >= this.#limitOf(phase)) {
      this.#expire(phase === IDLE ? "idle" : phase === IN_HEAD ? "head" : "body");
      return;
    }
    this.#seenRead = bytesRead;
    if (phase > BODY_WAITS) return;
    if (this.#request !== this.messages) {
      this.#request = this.messages;
      this.#requestSinceMs = nowMs;
    } else if (askedMs - this.#requestSinceMs >= this.server.settings.requestTimeoutMs) {
      this.#expire("request");
    }
  }

  #currentPhase(): number {
    if (this.receiving !== undefined) return this.isBodyWaiting ? BODY_WAITS : IN_BODY;
    if (this.isInHead) return IN_HEAD;
    return this.unanswered === 0 && this.stream.pendingBytes === 0 ? IDLE : ANSWERING;
  }

  #limitOf(phase: number): number {
    const { settings } = this.server;
    if (phase === IN_HEAD) return settings.headTimeoutMs;
    if (phase === IN_BODY) return settings.bodyTimeoutMs;
    if (phase !== IDLE) return Infinity;
    // Before the first request it is a head that does not come.
    const { idleTimeoutMs, headTimeoutMs } = settings;
    return this.messages > 0 ? idleTimeoutMs : Math.min(idleTimeoutMs, headTimeoutMs);
  }

  #sweepOutput(nowMs: number, askedMs: number): void {
    const { bytesWritten, pendingBytes } = this.stream;
    if (pendingBytes === 0 || bytesWritten !== this.#seenWritten || this.#stalledSinceMs === 0) {
      this.#seenWritten = bytesWritten;
      this.#stalledSinceMs = pendingBytes === 0 ? 0 : nowMs;
    } else if (askedMs - this.#stalledSinceMs >= this.server.settings.writeTimeoutMs) {
      this.server.counters.timeouts.write += 1;
      this.#reset();
    }
  }

  /** With RST: else the kernel would keep what it has taken, for a peer that does not read. */
  #reset(): void {
    try {
      this.stream.socket.setOption(SO_LINGER, 0);
    } catch {
      // BSD refuses that for a connection that has failed already.
    }
    this.destroy();
  }

  /** An idle connection ends without a word, for nobody asked; a slow request is told. */
  #expire(which: HttpTimeout): void {
    this.server.counters.timeouts[which] += 1;
    if (which === "idle") this.finish();
    else this.refuse(408, new HttpRequestError("ERR_HTTP_TIMEOUT", 408, `Too slow: ${which}`));
  }
}
