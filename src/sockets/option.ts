/**
 * What a typed socket option is, and the kinds of values that options have. The options themselves
 * are tables of these: socket-options.ts, tcp-options.ts, ip-options.ts, ipv6-options.ts.
 */
import {
  type Constants,
  type Fd,
  type Kernel,
  misuse,
  outOfRange,
  SystemError,
  systemKernel,
  toFd,
  wrongType,
} from "../kernel/index.js";
import type { BlockingLimits } from "./blocking.js";

/** A socket option with the type of its value: `socket.setOption(TCP_NODELAY, true)`. */
export interface SocketOption<T> {
  /** As the system's headers call it: "TCP_NODELAY". */
  readonly name: string;
  /** The level: IPPROTO_TCP, SOL_SOCKET ... */
  readonly level: number;
  /** The option's number at that level. */
  readonly number: number;
  /** setsockopt(2). Called by `setOption`, with the limits of a blocking socket. */
  write(kernel: Kernel, fd: Fd, value: T, limits?: BlockingLimits): void;
  /** getsockopt(2). Called by `getOption`, with the limits of a blocking socket. */
  read(kernel: Kernel, fd: Fd, limits?: BlockingLimits): T;
}

/** The names of options in this system's constants. */
export type OptionName = keyof Constants & string;

/** An option's place: its level, its number, its name. */
export interface OptionPlace {
  readonly name: string;
  readonly level: number;
  readonly number: number;
}

/**
 * Sets an option on a descriptor that is no `Socket`, Node's own for example.
 *
 * @throws as `Socket.setOption`.
 */
export function setFdOption<T>(
  fd: number,
  option: SocketOption<T> | undefined,
  value: T,
  { kernel = systemKernel }: { kernel?: Kernel } = {},
): void {
  known(option).write(kernel, toFd(fd), value);
}

/** Reads an option of a descriptor that is no `Socket`. @throws as `Socket.getOption`. */
export function getFdOption<T>(
  fd: number,
  option: SocketOption<T> | undefined,
  { kernel = systemKernel }: { kernel?: Kernel } = {},
): T {
  return known(option).read(kernel, toFd(fd));
}

/** @throws Error ERR_NOT_SUPPORTED if this system does not have the option. */
export function known<T>(option: SocketOption<T> | undefined): SocketOption<T> {
  if (option !== undefined) return option;
  throw misuse(Error, "ERR_NOT_SUPPORTED", "This system does not have the option: undefined");
}

/** The result of a call about an option, or its error with the option's name. */
export function checkOption(syscall: string, option: OptionPlace, result: number): number {
  if (result >= 0) return result;
  const error = new SystemError(syscall, result);
  error.message += ` ${option.name}`;
  Error.captureStackTrace(error, checkOption);
  throw error;
}

/** The place of an option, undefined if this system lacks it. */
export function place(level: number, name: OptionName): OptionPlace | undefined {
  const number = systemKernel.constants[name];
  return number === undefined ? undefined : { name, level, number };
}

const int = new Int32Array(1);

/** Reads an int. */
export function readInt(kernel: Kernel, fd: Fd, option: OptionPlace): number {
  const result = kernel.getsockopt_int(fd, option.level, option.number, int);
  checkOption("getsockopt", option, result);
  return int[0]!;
}

/** Writes an int. */
export function writeInt(kernel: Kernel, fd: Fd, option: OptionPlace, value: number): void {
  const result = kernel.setsockopt_int(fd, option.level, option.number, value);
  checkOption("setsockopt", option, result);
}

/** On or off. */
export function booleanOption(level: number, name: OptionName): SocketOption<boolean> | undefined {
  const at = place(level, name);
  if (at === undefined) return undefined;
  return {
    ...at,
    write(kernel, fd, value) {
      if (typeof value !== "boolean") throw wrongType(name, "a boolean", value);
      writeInt(kernel, fd, at, value ? 1 : 0);
    },
    read: (kernel, fd) => readInt(kernel, fd, at) !== 0,
  };
}

/** A whole number from `min` to `max`. */
export function intOption(
  level: number,
  name: OptionName,
  { min = 0, max = 0x7fffffff }: { min?: number; max?: number } = {},
): SocketOption<number> | undefined {
  const at = place(level, name);
  if (at === undefined) return undefined;
  return {
    ...at,
    write(kernel, fd, value) {
      checkInt(name, value, min, max);
      writeInt(kernel, fd, at, value);
    },
    read: (kernel, fd) => readInt(kernel, fd, at),
  };
}

/** @throws TypeError, RangeError unless `value` is an integer from `min` to `max`. */
export function checkInt(name: string, value: number, min: number, max: number): void {
  if (typeof value !== "number") throw wrongType(name, "a number", value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(name, `an integer from ${min} to ${max}`, value);
  }
}

/** For an option that every supported system has. */
export function required<T>(option: SocketOption<T> | undefined): SocketOption<T> {
  return known(option);
}
