/**
 * A kernel that wraps another and prints each system call as strace(1) does. What is printed of
 * each stands in traced-calls.ts.
 *
 * The rule of the file: the wrapped kernel gets the same arguments and the caller the same result,
 * thrown errors included. A call is printed after it was made, so one that waits shows when it is
 * over. `nowMs`, `adopt` and `disown` are not printed: they are no system calls.
 */
import type { Kernel } from "./kernel.js";
import { TraceContext } from "./trace-context.js";
import { formatCall } from "./trace-format.js";
import { calls, members, type Texts, type TracedCall } from "./traced-calls.js";

export interface TracingOptions {
  /** Prints how long each call took, in seconds: `<0.000031>`. strace: -T. @defaultValue false */
  readonly durations?: boolean;
}

/**
 * Wraps `base`, printing a line for each system call:
 * `recv(7, "hello\n", 65536, 0) = 6`, `accept4(5, SOCK_NONBLOCK) = -1 EAGAIN`.
 *
 * Buffers are cut at 32 bytes, lists at 32 members. The calls within `recv_each` and `send_each`
 * follow on lines of their own, indented. `NODE_DEBUG=socket-reactor:sys` makes `systemKernel` such
 * a kernel.
 *
 * @param write gets each line, without a newline. What it throws goes to who made the call.
 *
 * @example
 * ```ts
 * import { Socket, systemKernel, tracingKernel } from "socket-reactor";
 * const kernel = tracingKernel(systemKernel, console.error);
 * Socket.listenTcp({ kernel }).close();
 * ```
 */
export function tracingKernel(
  base: Kernel,
  write: (line: string) => void,
  { durations = false }: TracingOptions = {},
): Kernel {
  const printer = new Printer(base, write, durations);
  const traced: Record<string, unknown> = {};
  for (const name of Object.keys(calls) as TracedCall[]) traced[name] = wrap(base, name, printer);
  return {
    constants: base.constants,
    tcpInfoFields: base.tcpInfoFields,
    tcpStates: base.tcpStates,
    nowMs: () => base.nowMs(),
    adopt: (fd) => base.adopt(fd),
    disown: (fd) => base.disown(fd),
    // The type of the table sees to it that every other call of the interface is there.
    ...(traced as unknown as Pick<Kernel, TracedCall>),
  };
}

type Call = (...args: never[]) => number;
type Describe = (context: TraceContext, n: number, ...args: never[]) => Texts;

/** One wrapper for all calls, so what the tables know of each one's arguments is lost here. */
function wrap(base: Kernel, name: TracedCall, printer: Printer): Call {
  const context = printer.context;
  const describe = calls[name] as Describe;
  const describeMembers = members[name] as Describe | undefined;
  const call = base[name] as Call;
  return (...args) => {
    const startedMs = printer.nowMs();
    let n: number;
    try {
      n = call.apply(base, args);
    } catch (error) {
      printer.refused(name, error);
      throw error;
    }
    printer.made(formatCall(systemName(name), describe(context, n, ...args), n), startedMs);
    if (describeMembers !== undefined) printer.members(describeMembers(context, n, ...args));
    return n;
  };
}

class Printer {
  readonly context: TraceContext;
  readonly #base: Kernel;
  readonly #write: (line: string) => void;
  readonly #durations: boolean;

  constructor(base: Kernel, write: (line: string) => void, durations: boolean) {
    this.context = new TraceContext(base.constants);
    this.#base = base;
    this.#write = write;
    this.#durations = durations;
  }

  /** The clock, if durations are printed. */
  nowMs(): number {
    return this.#durations ? this.#base.nowMs() : 0;
  }

  made(line: string, startedMs: number): void {
    const seconds = (this.nowMs() - startedMs) / 1000;
    this.#write(this.#durations ? `${line} <${seconds.toFixed(6)}>` : line);
  }

  members(lines: Texts): void {
    for (const line of lines) this.#write(`  ${line}`);
  }

  /** An argument was wrong, so the system was not asked. */
  refused(name: TracedCall, error: unknown): void {
    const code = error instanceof Error && "code" in error ? error.code : error;
    this.#write(`${systemName(name)}(?) = ? ${String(code)}`);
  }
}

/** The system call behind a method that is a flavour of it: `setsockopt` of `setsockopt_int`. */
function systemName(name: TracedCall): string {
  if (name === "dup") return "fcntl";
  if (name === "tcp_info") return "getsockopt";
  return name.replace(/_(int|time|peercred|md5sig|inq|outq|nonblock)$/, "");
}
