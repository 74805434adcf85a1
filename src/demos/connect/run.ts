/** The four ways of `connect`: to connect or to listen, with a stream or with datagrams. */
import { lookup } from "node:dns/promises";
import type { Readable, Writable } from "node:stream";
import {
  type Backend,
  connect,
  formatAddress,
  parseIpAddress,
  Reactor,
  Socket,
  type SocketStream,
  systemKernel,
} from "socket-reactor";
import { UsageError } from "../usage-error.js";
import { acceptAt, nameOfListener, numeric } from "./accept.js";
import { tellingKernel } from "./attempts.js";
import { crlfTranslator } from "./crlf.js";
import { exchangeDatagrams } from "./datagrams.js";
import { exchange, exchangeTimeouts, PATIENCE_MS } from "./exchange.js";
import { explain } from "./problem.js";
import { StateWatch } from "./state-watch.js";
import type { HostTarget, Target } from "./target.js";
import type { Terminals } from "./terminals.js";

export interface ConnectPlan {
  readonly target: Target;
  readonly listen: boolean;
  readonly keep: boolean;
  readonly udp: boolean;
  readonly crlf: boolean;
  readonly stayOpen: boolean;
  readonly halfOpen: boolean;
  /** undefined: the library's own for connecting, none afterwards. */
  readonly timeoutMs: number | undefined;
  readonly backend: Backend | undefined;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
  /** For what a person is told in any case. */
  readonly notice: (line: string) => void;
  /** For what `--verbose` says; undefined without it. */
  readonly log: ((line: string) => void) | undefined;
  readonly signal: AbortSignal;
}

/** @throws UsageError, one line about what went wrong; anything else is a bug. */
export async function run(plan: ConnectPlan): Promise<void> {
  const { backend, log, listen, udp, signal } = plan;
  const isTelling = log !== undefined && !listen && !udp;
  const kernel = isTelling ? tellingKernel(systemKernel, log) : systemKernel;
  const reactor = new Reactor({ backend, kernel });
  reactor.hold(); // it has nothing to do yet while a name is looked up
  const running = reactor.run();
  try {
    if (udp) await datagrams(reactor, plan);
    else if (listen) await accept(reactor, plan);
    else await dial(reactor, plan);
  } catch (error) {
    if (!signal.aborted) throw explain(error, plan);
  } finally {
    reactor.close();
    await running;
  }
}

async function dial(reactor: Reactor, plan: ConnectPlan): Promise<void> {
  const { target, timeoutMs, signal, log } = plan;
  const stream = await connect(reactor, {
    ...{ ...target, timeoutMs, signal },
    lookup: async (host) => {
      const found = await lookup(host, { all: true });
      log?.(`${host} is ${found.map(({ address }) => address).join(", ")}`);
      return found;
    },
    stream: { paused: true },
  });
  await converse(reactor, stream, plan);
}

function accept(reactor: Reactor, plan: ConnectPlan): Promise<void> {
  const { target, keep, signal, notice, log } = plan;
  return acceptAt(reactor, target, {
    ...{ keep, signal },
    onListen(listener) {
      const name = nameOfListener(listener);
      log?.(`${listener.socket.state ?? "LISTEN"} ${name}`);
      notice(`Listening on ${name}, Ctrl-C ends it`);
    },
    async serve(stream) {
      try {
        await converse(reactor, stream, plan);
      } catch (error) {
        const broken = explain(error, plan);
        // Of many connections one may break; who writes to a full disk has no use for others.
        if (!keep || stream.error !== error || !(broken instanceof UsageError)) throw error;
        notice(broken.message);
      }
    },
  });
}

function converse(reactor: Reactor, stream: SocketStream, plan: ConnectPlan): Promise<void> {
  const { timeoutMs = Infinity, stayOpen, log } = plan;
  stream.setTimeouts(exchangeTimeouts(timeoutMs));
  return exchange(stream, {
    ...terminalsOf(plan),
    stayOpen,
    patienceMs: patienceOf(plan),
    watch: log === undefined ? undefined : new StateWatch(reactor, stream, log),
  });
}

async function datagrams(reactor: Reactor, plan: ConnectPlan): Promise<void> {
  const { listen, timeoutMs = Infinity, notice, log = () => {} } = plan;
  const { host, port } = await numeric(plan.target as HostTarget);
  const address = parseIpAddress(host, port);
  const socket = Socket.udp({ family: address.family, kernel: reactor.kernel });
  try {
    if (listen) socket.bind(address);
    else socket.connect(address);
    const local = socket.localAddress;
    const name = local === undefined ? "?" : formatAddress(local);
    if (listen) notice(`Listening on ${name} for datagrams, Ctrl-C ends it`);
    else log(`Datagrams from ${name} to ${formatAddress(address)}`);
    await exchangeDatagrams(reactor, socket, {
      ...terminalsOf(plan),
      ...{ idleMs: timeoutMs, say: log },
    });
  } finally {
    socket.close();
  }
}

function terminalsOf({ input, output, signal, crlf }: ConnectPlan): Terminals {
  return { input, output, signal, translate: crlf ? crlfTranslator() : (chunk) => chunk };
}

/** A person at a terminal sees that the peer has ended, and is not to be waited for. */
function patienceOf({ halfOpen, input }: ConnectPlan): number {
  if (halfOpen) return Infinity;
  return input.isTTY === true ? 0 : PATIENCE_MS;
}
