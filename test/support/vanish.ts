/**
 * Peers that go without a word, on loopback.
 *
 * `vanish`: the cable is pulled. Whatever arrives at the socket is dropped before TCP sees it, so
 * nothing is acknowledged, answered or reset; the other side sends again and again until a limit of
 * its own (TCP_USER_TIMEOUT, keepalive) ends it with ETIMEDOUT. On a listener it is an address that
 * nobody answers at: connect() stays in SYN_SENT. What makes that so is a socket filter, which needs
 * Linux and a compiler, because its option takes a pointer. Without CAP_NET_ADMIN Linux 6.18 was
 * seen to refuse it (EPERM) for TCP, though not for UDP; `whyNoVanish` tries and tells. (TCP_REPAIR
 * needs that capability, too, and on loopback is no better: the kernel resets what arrives for a
 * socket that is gone.)
 *
 * `connectStalled`: the program hangs, the machine does not. A process that is stopped (SIGSTOP)
 * reads and writes nothing, but its kernel goes on acknowledging until the buffers are full, and
 * answers keepalives; only deadlines of the application end it.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { type HasFileno, Socket } from "../../src/index.js";
import { compileC, whyNoCompiler } from "./compile.js";

/** The reason why sockets cannot vanish here; undefined: they can. Tries it on one. */
export function whyNoVanish(): string | undefined {
  if (process.platform !== "linux") return "socket filters are Linux's";
  const socket = Socket.tcp(); // one of UDP may be allowed what this is not
  try {
    return whyNoCompiler() ?? deafen(socket);
  } finally {
    socket.close();
  }
}

/**
 * From now on nothing that is sent to this socket arrives. It can still send: what is on its way
 * when it vanishes, and its FIN when it is closed, so close it at the end of the test only. There
 * is no way back.
 */
export function vanish(socket: HasFileno): void {
  const refusal = deafen(socket);
  if (refusal !== undefined) throw new Error(`The socket does not vanish: ${refusal}`);
}

/** What the system says against it, if anything. */
function deafen(socket: HasFileno): string | undefined {
  const program = compileC(new URL("./vanish.c", import.meta.url));
  const { status, stderr } = spawnSync(program, {
    stdio: [socket.fileno(), "ignore", "pipe"],
    encoding: "utf8",
  });
  return status === 0 ? undefined : `${status} ${stderr}`.trim();
}

export interface StalledPeer {
  /** Goes on: it reads to the end. */
  resume(): void;
  /** How many bytes it has read, once it has read to the end and closed. */
  readonly bytesRead: Promise<number>;
}

const PEER = `
  import { connect } from "node:net";
  let count = 0;
  const socket = connect(Number(process.argv[1]), "127.0.0.1", () => console.log("connected"));
  socket.on("data", (chunk) => { count += chunk.length; });
  socket.on("close", () => console.log(count));
  socket.on("error", () => {});
`;

/** The client of a server on 127.0.0.1, in a process that stops as soon as it is connected. */
export async function connectStalled(port: number): Promise<StalledPeer> {
  const args = ["--input-type=module", "--eval", PEER, String(port)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL"); // ends a stopped process, too
    await closed;
  });
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  await Promise.race([once(child.stdout as Readable, "data"), closed]);
  if (output !== "connected\n") throw new Error(`The peer is not connected: ${output}`);
  child.kill("SIGSTOP");
  await stopped(child);
  return {
    resume: () => void child.kill("SIGCONT"),
    bytesRead: closed.then(() => Number(output.split("\n")[1])),
  };
}

/** A signal takes effect when the process runs next, which may be after kill(2) has returned. */
async function stopped({ pid }: ChildProcess): Promise<void> {
  for (;;) {
    const state = stateOf(pid as number);
    if (state.startsWith("T")) return;
    if (state === "") throw new Error("The peer has ended");
    await nextTurn();
  }
}

/** "R", "S", "T" …; "" if there is no such process. */
function stateOf(pid: number): string {
  if (process.platform !== "linux") {
    return spawnSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  }
  try {
    // The name, which stands in front of it in brackets, may hold anything.
    return readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1) ?? "";
  } catch {
    return "";
  }
}
