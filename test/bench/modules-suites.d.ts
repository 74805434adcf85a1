// The types of the modules of the benches "newcomers" and "memory"; modules.d.ts has the others.

declare module "*/bench/library-contestants.mjs" {
  export interface Contestant {
    readonly name: string;
    readonly label: string;
    readonly available: () => true | string;
    readonly command: () => { readonly file: string; readonly args: readonly string[] };
  }
  export const libraryContestants: readonly Contestant[];
}

declare module "*/bench/newcomers-report.mjs" {
  export type Round =
    | { readonly sample: Readonly<Record<string, number>> }
    | { readonly invalid: string };
  interface Entry {
    readonly name: string;
    readonly skipped: string | undefined;
    readonly rounds: readonly Round[];
  }
  export function toNewcomersRound(stdout: string, how: string): Round;
  export function formatNewcomers(
    trial: { readonly name: string; readonly title: string },
    entries: readonly Entry[],
  ): string;
  export function formatNewcomersBars(
    bars: readonly {
      readonly contestant: string;
      readonly against: string;
      readonly trial: string;
      readonly atMost?: number;
      readonly atLeast?: number;
    }[],
    results: readonly {
      readonly trial: { readonly name: string };
      readonly entries: readonly Entry[];
    }[],
  ): string;
}

declare module "*/bench/memory-report.mjs" {
  interface Reading {
    readonly rss: number;
    readonly heapUsed?: number;
    readonly external?: number;
  }
  export type Round =
    | { readonly empty: Reading; readonly idle: Reading; readonly used: Reading }
    | { readonly invalid: string };
  export interface Point {
    readonly name: string;
    readonly connections: number;
    readonly leftOut: string | undefined;
    readonly rounds: readonly Round[];
  }
  export function perConnection(
    empty: Reading,
    full: Reading,
    connections: number,
  ): Partial<Reading>;
  export function formatMemory(points: readonly Point[]): string;
  export function judgeMemory(
    bar: {
      readonly contestant: string;
      readonly connections: number;
      readonly state: "idle" | "used";
      readonly bytesMax: number;
    },
    points: readonly Point[],
  ): string;
}

declare module "*/bench/crowd.mjs" {
  interface Exchange {
    readonly message: string;
    readonly isAnswered: (answer: string) => boolean;
  }
  export class Crowd {
    constructor(port: number, exchange?: Exchange);
    open(count: number): Promise<void>;
    talk(): Promise<void>;
    close(): Promise<void>;
    destroy(): void;
  }
}
