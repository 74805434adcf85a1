/**
 * Says the state of a connection whenever it is another than before, as the kernel has it: for
 * `--verbose`. It is looked at wherever a call or an event may have changed it. But the kernel
 * changes it alone, too (FIN_WAIT1 becomes FIN_WAIT2 when the peer's kernel acknowledges), and
 * wakes nobody: hence the timer.
 *
 * On loopback the answer is often there before our call returns. Then SYN_SENT, FIN_WAIT1 and
 * LAST_ACK are over before anybody can look, and are not said: nothing here is made up.
 */
import {
  formatAddress,
  type Reactor,
  type SocketStream,
  type TcpState,
  type Timer,
} from "socket-reactor";
import { endReason } from "../errors.js";

/** So rarely that it costs nothing, so often that a person does not wait. */
export const LOOK_MS: number = 50;

export class StateWatch {
  readonly #stream: SocketStream;
  readonly #say: (line: string) => void;
  readonly #peer: string;
  readonly #timer: Timer;
  #state: TcpState | undefined;
  #roundTripMs: number | undefined;

  constructor(reactor: Reactor, stream: SocketStream, say: (line: string) => void) {
    const { socket } = stream;
    this.#stream = stream;
    this.#say = say;
    this.#peer =
      socket.remoteAddress === undefined ? "(gone)" : formatAddress(socket.remoteAddress);
    this.#timer = reactor.timer(LOOK_MS, () => this.look(), { repeat: true }).unref();
    if (socket.family === "unix") this.#sayUnix();
    else this.look();
  }

  /** CLOSED is left to `end`, which knows why. */
  look(): void {
    const { socket } = this.#stream;
    if (socket.isClosed || socket.family === "unix") return;
    const { state, rttUs, rttMs } = socket.info();
    this.#roundTripMs = rttMs ?? (rttUs === undefined ? this.#roundTripMs : rttUs / 1000);
    if (state === this.#state || state === "CLOSED") return;
    this.#state = state;
    this.#say(`${state} ${this.#peer}`);
  }

  /**
   * The stream is over: the last state, why, and what it came to.
   *
   * @param interruption the signal that ended it, if one did.
   */
  end(error: Error | undefined, interruption?: string): void {
    this.#timer.stop();
    const { bytesRead, bytesWritten } = this.#stream;
    const roundTrip = this.#roundTripMs;
    this.#say(`CLOSED ${this.#peer}: ${interruption ?? endReason(error)}`);
    this.#say(
      `${bytesWritten} bytes sent, ${bytesRead} received` +
        (roundTrip === undefined ? "" : `, round trip ${roundTrip.toFixed(3)} ms`),
    );
  }

  /** A unix socket has no such states, but one knows who is there. */
  #sayUnix(): void {
    const who = this.#stream.socket.peerCredentials();
    const process = who === undefined ? "" : ` (process ${who.pid} of user ${who.uid})`;
    this.#say(`CONNECTED ${this.#peer}${process}`);
  }
}
