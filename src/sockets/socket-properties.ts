/** What can be asked of a socket and set on it: addresses, options, state, queues. */
import { ADDRESS_BYTES, check, errnoOf, SystemError } from "../kernel/index.js";
import type { Address } from "./address.js";
import { decodeAddress } from "./address-record.js";
import { known, type SocketOption } from "./option.js";
import { OwnedFd } from "./owned-fd.js";

const record = new Uint8Array(ADDRESS_BYTES);
const int = new Int32Array(1);

export abstract class SocketProperties extends OwnedFd {
  /** Where the socket is bound; undefined for a family that has no address here. getsockname(2) */
  get localAddress(): Address | undefined {
    check("getsockname", this.kernel.getsockname(this.openFd(), record));
    return decodeAddress(this.kernel, record);
  }

  /** The peer; undefined while there is none (ENOTCONN). getpeername(2) */
  get remoteAddress(): Address | undefined {
    const result = this.kernel.getpeername(this.openFd(), record);
    if (result === errnoOf("ENOTCONN") || result === errnoOf("EINVAL")) return undefined;
    check("getpeername", result);
    return decodeAddress(this.kernel, record);
  }

  /** The error that waits at the socket, cleared by being read. SO_ERROR, socket(7) */
  getError(): SystemError | undefined {
    const { SOL_SOCKET, SO_ERROR } = this.kernel.constants;
    const result = this.kernel.getsockopt_int(this.openFd(), SOL_SOCKET, SO_ERROR, int);
    check("getsockopt", result);
    return int[0] === 0 ? undefined : new SystemError("getsockopt", -int[0]!);
  }

  /**
   * Sets a typed option.
   *
   * @throws TypeError, RangeError for a value the option cannot have.
   * @throws Error ERR_NOT_SUPPORTED if the option is undefined: this system lacks it.
   * @throws SystemError as the kernel refuses: ENOPROTOOPT, EPERM, EINVAL ...
   */
  setOption<T>(option: SocketOption<T> | undefined, value: T): void {
    known(option).write(this.kernel, this.openFd(), value);
  }

  /** Reads a typed option. @throws as `setOption`. */
  getOption<T>(option: SocketOption<T> | undefined): T {
    return known(option).read(this.kernel, this.openFd());
  }
}
