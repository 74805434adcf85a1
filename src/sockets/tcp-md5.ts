/** TCP MD5 signatures (RFC 2385), as BGP speakers use them: an option that holds an address. */
import { ADDRESS_BYTES, misuse, systemKernel, wrongType } from "../kernel/index.js";
import type { AddressLike } from "./address.js";
import { encodeAddress } from "./address-record.js";
import { checkOption, place, type SocketOption } from "./option.js";

/** A peer, and the key that segments to and from it are signed with. */
export interface TcpMd5Key {
  /** Its port is not looked at. */
  readonly peer: AddressLike;
  /** At most 80 bytes; an empty one ends the signing. */
  readonly key: Uint8Array;
}

const at = place(systemKernel.constants.IPPROTO_TCP, "TCP_MD5SIG");
const record = new Uint8Array(ADDRESS_BYTES);

/**
 * Signs all segments to a peer, and takes only signed ones from it: on a listener before the peer
 * connects, on a client before connect. Write only. ENOENT: there was no signing to end. tcp(7)
 */
export const TCP_MD5SIG: SocketOption<TcpMd5Key> | undefined =
  at === undefined
    ? undefined
    : {
        ...at,
        write(kernel, fd, { peer, key }) {
          if (!(key instanceof Uint8Array)) throw wrongType("key", "a Uint8Array", key);
          const address = encodeAddress(kernel, peer, record);
          checkOption("setsockopt", at, kernel.setsockopt_md5sig(fd, address, key));
        },
        read() {
          throw misuse(Error, "ERR_WRITE_ONLY_OPTION", "Option TCP_MD5SIG can only be set");
        },
      };
