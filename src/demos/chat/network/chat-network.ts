/**
 * The chat network: rooms and the people in them, over any kind of connection. It has no socket, no
 * timer and no clock of its own: transports hand it lines (session.ts), other servers hand it acts
 * (act.ts), and it hands both out.
 */
import type { Act } from "./act.js";
import { applyAct } from "./acts/apply-act.js";
import { confirmAct } from "./acts/confirm-act.js";
import { Broadcast } from "./broadcast.js";
import { isSoundAct } from "./check-act.js";
import type { Peer } from "./peer.js";
import { Session } from "./session.js";
import { snapshotOf } from "./snapshot.js";
import type { Room, User } from "./state.js";
import { tellAll } from "./tell.js";
import { type NetworkOptions, World } from "./world.js";

export type { NetworkOptions } from "./world.js";

export interface NetworkStats {
  /** On all servers. */
  readonly users: number;
  /** On this one. */
  readonly localUsers: number;
  /** Connections that are no users yet. */
  readonly unregistered: number;
  readonly rooms: number;
  /** Other servers that have users. */
  readonly servers: number;
  /** Lines that were received. */
  readonly lines: number;
  /** Lines that were handed to peers, each peer counted. */
  readonly delivered: number;
}

export class ChatNetwork {
  readonly #world: World;

  /** @throws RangeError for a name of the server or the network that cannot stand in a line. */
  constructor(options: NetworkOptions = {}) {
    this.#world = new World(options);
  }

  get serverId(): string {
    return this.#world.serverId;
  }

  get serverName(): string {
    return this.#world.serverName;
  }

  /** Called with each act of a local user, after it was applied: what other servers must hear. */
  get onAct(): ((act: Act) => void) | undefined {
    return this.#world.onAct;
  }

  set onAct(onAct: ((act: Act) => void) | undefined) {
    this.#world.onAct = onAct;
  }

  /** A new connection, which has not registered yet. */
  connect(peer: Peer): Session {
    return new Session(this.#world, peer);
  }

  /**
   * An act of another server's user. What makes no sense (an unknown user or room, a name that is
   * none, one of our own users come back) is ignored; nothing throws.
   */
  apply(act: Act): void {
    if (!isSoundAct(act, this.#world.serverId)) return;
    if (act.act !== "say") this.#world.disturbances += 1;
    applyAct(this.#world, act);
  }

  /**
   * An act of ours (see `onAct`) has come back on the way by which all servers hear everything in
   * one order. Optional: without it, servers where one mode is changed at one time may end
   * differently.
   */
  confirm(act: Act): void {
    confirmAct(this.#world, act);
  }

  /** Acts that rebuild the local users and their rooms elsewhere. O(users + memberships). */
  snapshot(): Act[] {
    return snapshotOf(this.#world);
  }

  /** All users of another server quit: it, or the way to it, is gone. */
  dropServer(serverId: string, reason: string): void {
    if (serverId === this.#world.serverId) return;
    for (const user of [...this.#world.users.values()]) {
      if (user.serverId === serverId) applyAct(this.#world, { act: "quit", user: user.id, reason });
    }
  }

  /** A NOTICE from the server to each local user. */
  noticeAll(text: string): void {
    const { serverName, now } = this.#world;
    tellAll(this.#world, new Broadcast(`:${serverName} NOTICE * :${text}`, now()));
  }

  users(): Iterable<User> {
    return this.#world.users.values();
  }

  rooms(): Iterable<Room> {
    return this.#world.rooms.values();
  }

  stats(): NetworkStats {
    const { users, localUsers, unregistered, rooms, servers, lines, delivered } = this.#world;
    return {
      ...{ users: users.size, localUsers, unregistered, rooms: rooms.size },
      ...{ servers: servers.size, lines, delivered },
    };
  }
}
