/**
 * Ctrl-C ends a netcat as it ends any other program of a pipeline: by the signal itself, so that the
 * shell knows (status 130) and a loop of it ends, too. But first what is to be tidied up is tidied.
 */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Aborts at the first of them; the next one kills. */
export function untilSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) process.once(name, () => controller.abort(name));
  return controller.signal;
}

/** Ends this process by the signal that aborted; does nothing if none did. */
export function endBySignal(signal: AbortSignal): void {
  const name = SIGNALS.find((known) => known === signal.reason);
  if (name !== undefined) process.kill(process.pid, name);
}
