/** Options of UDP sockets. udp(7) */
import { systemKernel } from "../kernel/index.js";
import { booleanOption, intOption, type SocketOption } from "./option.js";

const { IPPROTO_UDP } = systemKernel.constants;

/** Collects what is sent into one datagram until it is off again. udp(7) */
export const UDP_CORK: SocketOption<boolean> | undefined = booleanOption(IPPROTO_UDP, "UDP_CORK");

/** Cuts what is sent into datagrams of so many bytes; 0 is off. udp(7) */
export const UDP_SEGMENT: SocketOption<number> | undefined = intOption(IPPROTO_UDP, "UDP_SEGMENT", {
  max: 65535,
});

/** Receives several datagrams of a sender as one; messages carry "segmentBytes". udp(7) */
export const UDP_GRO: SocketOption<boolean> | undefined = booleanOption(IPPROTO_UDP, "UDP_GRO");
