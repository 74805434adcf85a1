/** The life of a connection: what a transport relies on. */
import { describe, expect, test } from "vitest";
import { ChatNetwork } from "../../../../src/demos/chat/network/chat-network.js";
import { MemoryPeer } from "./memory-peer.js";

function enter(network: ChatNetwork, nick: string) {
  const peer = new MemoryPeer();
  const session = network.connect(peer);
  session.receive(`NICK ${nick}`);
  session.receive(`USER ${nick} 0 * :${nick}`);
  peer.take();
  return { peer, session };
}

describe("a session", () => {
  test("registers with NICK and USER and meets others in a room", () => {
    const network = new ChatNetwork({ serverName: "s.test" });
    const alice = enter(network, "alice");
    const bob = enter(network, "bob");
    alice.session.receive("JOIN #a");
    expect(alice.peer.take()).toEqual([
      ":alice!~alice@127.0.0.1 JOIN #a",
      ":s.test 353 alice = #a :@alice",
      ":s.test 366 alice #a :End of /NAMES list",
    ]);
    bob.session.receive("JOIN #a");
    bob.session.receive("PRIVMSG #a :hi");
    expect(alice.peer.take()).toEqual([
      ":bob!~bob@127.0.0.1 JOIN #a",
      ":bob!~bob@127.0.0.1 PRIVMSG #a :hi",
    ]);
    bob.session.leave("gone");
    bob.session.leave("gone again");
    expect(alice.peer.take()).toEqual([":bob!~bob@127.0.0.1 QUIT :gone"]);
  });
});
