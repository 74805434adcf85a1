/** What a socket cannot say at this moment is left open; looking at it never fails. */
export function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}
