/**
 * The addresses of a name are tried one after another (RFC 8305), within `connect` of the library,
 * which shows none of its sockets. But whatever implements `Kernel` may stand in the system's
 * place: here one that looks on. It makes the same calls, and says of each connect(2) what state it
 * left the socket in, and how it ended if it did not come about.
 */
import {
  decodeAddress,
  errnoName,
  formatAddress,
  IN_PROGRESS,
  isUnixAddress,
  type Kernel,
} from "socket-reactor";

/** A kernel that says what becomes of the connections that are tried with it. */
export function tellingKernel(base: Kernel, say: (line: string) => void): Kernel {
  /** Under way: the names of their addresses, by descriptor. */
  const attempts = new Map<number, string>();
  const { SOL_SOCKET, SO_ERROR } = base.constants;

  const ended = (fd: number, reason: string): void => {
    const name = attempts.get(fd);
    if (attempts.delete(fd)) say(`CLOSED ${name}: ${reason}`);
  };
  return {
    ...base,
    connect(fd, record) {
      const result = base.connect(fd, record);
      const address = decodeAddress(base, record);
      if (address === undefined || isUnixAddress(address)) return result;
      attempts.set(fd, formatAddress(address));
      if (result !== 0 && result !== IN_PROGRESS) ended(fd, errnoName(result));
      else if (stateOf(base, fd) === "SYN_SENT") say(`SYN_SENT ${formatAddress(address)}`);
      return result;
    },
    getsockopt_int(fd, level, name, out) {
      const result = base.getsockopt_int(fd, level, name, out);
      if (!attempts.has(fd) || level !== SOL_SOCKET || name !== SO_ERROR) return result;
      if (out[0] === 0)
        attempts.delete(fd); // connected: state-watch.ts goes on
      else ended(fd, errnoName(-(out[0] ?? 0)));
      return result;
    },
    close(fd) {
      ended(fd, "given up");
      return base.close(fd);
    },
  };
}

const number = new Float64Array(1);

function stateOf(kernel: Kernel, fd: number): string | undefined {
  return kernel.tcp_info(fd, number) < 1 ? undefined : kernel.tcpStates[number[0] ?? -1];
}
