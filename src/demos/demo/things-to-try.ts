/** What the command says when it is ready: where everything is, and what to type. Pure. */
import { hostAndPort } from "../host-and-port.js";

export interface DemoAddresses {
  /** With the port, as "127.0.0.1:7000". */
  readonly echo: string;
  readonly chat: string;
  readonly http: string;
}

/** What is typed is on a line of its own, so that it can be copied. */
export function thingsToTry({ echo, chat, http }: DemoAddresses): string {
  const page = `http://${reachable(http)}`;
  const [chatHost, chatPort] = hostAndPort(reachable(chat));
  const [echoHost, echoPort] = hostAndPort(reachable(echo));
  return `Demo server on ${page}/, Ctrl-C ends it

Open the page, and watch it while you type in other terminals:

  nc -N ${echoHost} ${echoPort}
      echo: a connection is ESTABLISHED. Ctrl-D ends your side: CLOSE_WAIT
      (no nc, or not OpenBSD's: npx socket-reactor connect ${echoHost} ${echoPort})
  nc ${hostAndPort(reachable(http)).join(" ")}
      type GET / HTTP/1.0 and Enter twice: now the server ends first, FIN_WAIT2
  curl ${page}/http/api/echo --json '{"a":1}'
  curl -N ${page}/http/slow
      HTTP: JSON, and an answer that takes its time
  irssi -c ${chatHost} -p ${chatPort}
      chat, then /join #reactor; others join by ${page}/chat/
`;
}

/** All addresses of this machine are none to connect to. */
function reachable(address: string): string {
  return address.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:");
}
