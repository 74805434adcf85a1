/** What the command says when it is ready: where everything is, and what to type. Pure. */

export interface DemoAddresses {
  /** With the port, as "127.0.0.1:7000". */
  readonly echo: string;
  readonly chat: string;
  readonly http: string;
}

/** What is typed is on a line of its own, so that it can be copied. */
export function thingsToTry({ echo, chat, http }: DemoAddresses): string {
  const page = `http://${reachable(http)}`;
  const [chatHost, chatPort] = hostAndPort(chat);
  const [echoHost, echoPort] = hostAndPort(echo);
  return `Demo server on ${page}/, Ctrl-C ends it

Open the page, and watch it while you type in other terminals:

  nc -N ${echoHost} ${echoPort}
      echo: a connection is ESTABLISHED. Ctrl-D ends your side: CLOSE_WAIT
      (no nc, or not OpenBSD's: npx socket-reactor connect ${echoHost} ${echoPort})
  nc ${hostAndPort(http).join(" ")}
      type GET / HTTP/1.0 and Enter twice: now the server ends first, FIN_WAIT2
  curl ${page}/http/api/echo --json '{"a":1}'
  curl -N ${page}/http/slow
      HTTP: JSON, and an answer that takes its time
  irssi -c ${chatHost} -p ${chatPort}
      chat, then /join #reactor; others join by ${page}/chat/
`;
}

/** As nc and irssi take it. */
function hostAndPort(address: string): readonly [host: string, port: string] {
  const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(reachable(address)) ?? [];
  return [host, port];
}

/** All addresses of this machine are none to connect to. */
function reachable(address: string): string {
  return address.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:");
}
