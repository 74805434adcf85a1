// The types of the bench's JavaScript modules, as far as the tests use them.

declare module "*/bench/statistics.mjs" {
  export function median(values: readonly number[]): number;
  export function spread(values: readonly number[]): number;
}

declare module "*/bench/tables.mjs" {
  interface Column {
    readonly title: string;
    readonly align: "left" | "right";
  }
  export function formatTable(columns: readonly Column[], rows: readonly string[][]): string;
  export function formatFigure(value: number): string;
  export function formatCount(value: number): string;
  export function formatPercent(share: number): string;
}

declare module "*/bench/arguments.mjs" {
  interface BenchOptions {
    suite: string;
    trials: string[];
    contestants: string[];
    rounds: number;
    seconds: number;
    warmup: number;
    json: string | undefined;
    markdown: string | undefined;
  }
  interface Known {
    readonly suites: readonly string[];
    readonly trials: readonly string[];
    readonly contestants: readonly string[];
  }
  export class UsageError extends Error {}
  export function parseArguments(argv: readonly string[], known: Known): BenchOptions | "help";
}

declare module "*/bench/bars.mjs" {
  interface Bar {
    readonly contestant: string;
    readonly against: string;
    readonly trial: string;
    readonly atMost?: number;
    readonly atLeast?: number;
  }
  interface Judged {
    readonly figures: { readonly cpuUs: number } | undefined;
    readonly disturbed: number;
    readonly rounds: number;
  }
  export function judge(
    bar: Bar,
    find: (trial: string, contestant: string) => Judged | undefined,
  ): string;
}

declare module "*/bench/summary.mjs" {
  type Round = { readonly sample: Readonly<Record<string, number>> } | { readonly invalid: string };
  interface Summary {
    readonly rounds: number;
    readonly invalid: readonly string[];
    readonly disturbed: number;
    readonly figures: Readonly<Record<string, number>> | undefined;
    readonly spread: number | undefined;
  }
  export function toRound(stdout: string, how: string): Round;
  export function summarize(rounds: readonly Round[]): Summary;
}

declare module "*/bench/build.mjs" {
  export function canCompile(): true | string;
  export function compile(source: string): string;
}

declare module "*/bench/children.mjs" {
  interface Command {
    readonly file: string;
    readonly args: readonly string[];
  }
  interface Server {
    readonly port: number;
    readonly pid: number;
    readonly stop: () => Promise<string | undefined>;
  }
  export function startServer(command: Command, portPattern?: RegExp): Promise<Server>;
  export function runToEnd(
    command: Command,
    timeoutMs: number,
  ): Promise<{ stdout: string; how: string }>;
}
