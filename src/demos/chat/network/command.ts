/** What a command is: how much it must be given, who may use it, and what it does. */
import type { Client } from "./client.js";
import type { User } from "./state.js";

export type Command = OpenCommand | UserCommand;

/** May come before registration, too. */
interface OpenCommand {
  readonly isOpen: true;
  /** With fewer, or with an empty first one, the answer is 461. */
  readonly paramsMin: number;
  readonly run: (client: Client, params: readonly string[]) => void;
}

interface UserCommand {
  readonly isOpen: false;
  readonly paramsMin: number;
  readonly run: (client: Client, params: readonly string[], user: User) => void;
}

export function open(paramsMin: number, run: OpenCommand["run"]): Command {
  return { isOpen: true, paramsMin, run };
}

export function forUsers(paramsMin: number, run: UserCommand["run"]): Command {
  return { isOpen: false, paramsMin, run };
}
