/** Who may connect: so many at a time, and so many of one address. Pure. */
import { type ChatLimits, CONNECTIONS_PER_ADDRESS_MAX } from "./limits.js";
import { hostOf } from "./network/names.js";

type AdmissionLimits = Pick<ChatLimits, "connectionsMax" | "connectionsPerAddressMax">;

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #counts = new Map<string, number>();
  #open = 0;
  #refused = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Connections that are in. */
  get open(): number {
    return this.#open;
  }

  get refused(): number {
    return this.#refused;
  }

  /** @returns why not; undefined: it is in, until `leave`. */
  enter(host: string): string | undefined {
    const refusal = this.#refusalOf(host);
    if (refusal === undefined) {
      this.#open += 1;
      const key = networkOf(host);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    } else this.#refused += 1;
    return refusal;
  }

  /** One that has entered is gone. */
  leave(host: string): void {
    this.#open -= 1;
    const key = networkOf(host);
    const left = (this.#counts.get(key) ?? 0) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }

  #refusalOf(host: string): string | undefined {
    if (this.#open >= this.#limits.connectionsMax) return "The server is full, try again later";
    const ofAddress = this.#limits.connectionsPerAddressMax ?? defaultOf(host);
    if ((this.#counts.get(networkOf(host)) ?? 0) < ofAddress) return undefined;
    return "Too many connections from your address";
  }
}

/**
 * An address as others are shown it, without a port. One of IPv4 is written so whatever socket it
 * came by.
 */
export function plainHost(address: string | undefined): string {
  return address === undefined ? "gone" : hostOf(address.replace(/^::ffff:(?=\d+\.)/i, ""));
}

/** Whose connections are counted together: of IPv6 everybody has 64 bits of addresses. */
export function networkOf(host: string): string {
  if (!host.includes(":")) return host;
  const [head = "", tail] = host.split("::");
  const groups = head.split(":");
  if (tail === undefined) return groups.slice(0, 4).join(":");
  const behind = tail === "" ? [] : tail.split(":");
  while (groups.length + behind.length < 8) groups.push("0");
  return [...groups, ...behind].slice(0, 4).join(":");
}

function defaultOf(host: string): number {
  return /^(127\.|0::1$)/.test(host) ? Infinity : CONNECTIONS_PER_ADDRESS_MAX;
}
