/** Peers in memory: they keep what they are sent, and complain of what no wire could carry. */
import type { ChatNetwork } from "../../../../src/demos/chat/network/chat-network.js";
import type { OutgoingLine } from "../../../../src/demos/chat/network/outgoing-line.js";
import type { Peer } from "../../../../src/demos/chat/network/peer.js";

const LINE_BREAKER = /[\r\n\0]/;

export class MemoryPeer implements Peer {
  readonly host: string;
  /** What came since it was last taken. */
  lines: OutgoingLine[] = [];
  isClosed = false;

  constructor(host = "127.0.0.1") {
    this.host = host;
  }

  send(line: OutgoingLine): void {
    if (this.isClosed) throw new Error(`Sent after close: ${line.text}`);
    if (LINE_BREAKER.test(line.text)) throw new Error(`Not a line: ${JSON.stringify(line.text)}`);
    const untagged = line.text.startsWith("@") ? line.text.replace(/^[^ ]* /, "") : line.text;
    const bytes = Buffer.byteLength(untagged) + 2;
    if (bytes > 512) throw new Error(`${bytes} bytes: ${untagged}`);
    this.lines.push(line);
  }

  close(): void {
    if (this.isClosed) throw new Error("Closed twice");
    this.isClosed = true;
  }

  /** The texts that came since this was called last. */
  take(): string[] {
    const texts = this.lines.map((line) => line.text);
    this.lines = [];
    return texts;
  }
}

/** A registered user with the capabilities named. */
export function enter(network: ChatNetwork, nick: string, capabilities: string) {
  const peer = new MemoryPeer();
  const session = network.connect(peer);
  if (capabilities !== "") {
    session.receive(`CAP REQ :${capabilities}`);
    session.receive("CAP END");
  }
  session.receive(`NICK ${nick}`);
  session.receive("USER u 0 * :Name");
  if (!session.isRegistered) throw new Error(`${nick} was refused: ${peer.take().join("; ")}`);
  peer.take();
  return { peer, session };
}
