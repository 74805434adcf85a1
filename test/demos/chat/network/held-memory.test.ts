/** What somebody may make the server keep after it is over. */
import { expect, test } from "vitest";
import { ChatNetwork } from "../../../../src/demos/chat/network/chat-network.js";
import { leastAfterCollecting } from "../../../support/garbage.js";
import { enter } from "./memory-peer.js";

test("an invitation does not keep a room that has ended, with all that was said there", async () => {
  const network = new ChatNetwork();
  const [alice, bob] = [enter(network, "alice", ""), enter(network, "bob", "")];
  for (const line of ["JOIN #a", "PRIVMSG #a :hello", "INVITE bob #a"]) alice.session.receive(line);
  const rooms = [...network.rooms()].map((room) => new WeakRef(room));
  alice.session.receive("PART #a");
  expect([rooms.length, network.stats().rooms]).toEqual([1, 0]);
  const held = (): number => rooms.filter((room) => room.deref() !== undefined).length;
  expect(await leastAfterCollecting(held, 1)).toBe(0);
  // And bob, who was invited, is still there.
  expect(bob.session.isClosed).toBe(false);
});
