/** Options of TCP sockets. tcp(7) */
import { systemKernel } from "../kernel/index.js";
import { booleanOption, required, type SocketOption } from "./option.js";

const { IPPROTO_TCP } = systemKernel.constants;

/** Sends small segments at once (no Nagle algorithm). tcp(7) */
export const TCP_NODELAY: SocketOption<boolean> = required(
  booleanOption(IPPROTO_TCP, "TCP_NODELAY"),
);
