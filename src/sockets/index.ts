export {
  type Address,
  type AddressLike,
  formatAddress,
  type IpAddress,
  isUnixAddress,
  PORT_MAX,
  parseAddress,
  parseIpAddress,
  type UnixAddress,
} from "./address.js";
export * from "./address-record.js";
export * from "./control-records.js";
export * from "./datagram-batch.js";
export * from "./ip-address.js";
export * from "./ip-options.js";
export * from "./ipv6-options.js";
export * from "./messages.js";
export type { ListenTcpOptions, ListenUnixOptions, OpenOptions } from "./opening.js";
export { getFdOption, type SocketOption, setFdOption } from "./option.js";
export type { Membership } from "./option-kinds.js";
export * from "./socket.js";
export type { SocketFamily, SocketType } from "./socket-kind.js";
export * from "./socket-options.js";
export type { AcceptQueue, PeerCredentials } from "./socket-properties.js";
export * from "./stream-batch.js";
export type { TcpInfo, TcpInfoField, TcpState } from "./tcp-info.js";
export * from "./tcp-md5.js";
export * from "./tcp-options.js";
export * from "./udp-options.js";
