/**
 * Everything that can happen in the network, as plain data: what a user does is checked first, then
 * becomes an act, and an act is what changes the state and is told to everyone concerned. Servers
 * that are joined send one another their acts.
 *
 * Users are named by id ("SERVER.NUMBER"), which never changes, unlike their nicknames; rooms by
 * name. Times are in milliseconds since 1970.
 */

export interface UserRecord {
  readonly id: string;
  readonly nick: string;
  readonly username: string;
  readonly host: string;
  readonly realname: string;
  /** When it registered: of two with one nickname the elder keeps it. */
  readonly at: number;
}

/** One letter of a MODE; the argument of "o" and "v" is a user's id. */
export interface ModeChange {
  readonly isSet: boolean;
  readonly letter: string;
  readonly argument?: string | undefined;
}

export type Act =
  | { readonly act: "enter"; readonly user: UserRecord }
  | { readonly act: "rename"; readonly user: string; readonly nick: string }
  | {
      readonly act: "join";
      readonly user: string;
      readonly room: string;
      /** Of "o" and "v" what it has there from the start. */
      readonly privileges: string;
      readonly at: number;
    }
  | { readonly act: "part"; readonly user: string; readonly room: string; readonly reason: string }
  | {
      readonly act: "kick";
      readonly user: string;
      readonly room: string;
      readonly whom: string;
      readonly reason: string;
    }
  | {
      readonly act: "say";
      readonly user: string;
      /** A room's name or a user's id. */
      readonly to: string;
      readonly text: string;
      readonly isNotice: boolean;
      readonly at: number;
    }
  | {
      readonly act: "topic";
      /** Whose doing it was: nick!username@host, for the user may be gone when it is told again. */
      readonly by: string;
      readonly room: string;
      readonly text: string;
      readonly at: number;
    }
  | {
      readonly act: "mode";
      readonly user: string;
      readonly room: string;
      readonly changes: readonly ModeChange[];
    }
  | {
      readonly act: "invite";
      readonly user: string;
      readonly room: string;
      readonly whom: string;
    }
  | { readonly act: "away"; readonly user: string; readonly reason: string | undefined }
  | { readonly act: "wallops"; readonly user: string; readonly text: string }
  /** By an operator; the server of `whom` answers with its "quit". */
  | { readonly act: "kill"; readonly user: string; readonly whom: string; readonly reason: string }
  | { readonly act: "quit"; readonly user: string; readonly reason: string };
