// The types of the bench's JavaScript modules, as far as the tests use them.

declare module "*/bench/statistics.mjs" {
  export function median(values: readonly number[]): number;
  export function spread(values: readonly number[]): number;
  export function percentile(values: readonly number[], share: number): number;
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
  interface Option {
    readonly kind: "names" | "number" | "numbers" | "file";
    readonly help: string;
    readonly allowed?: readonly string[];
    readonly fallback?: number | readonly number[];
    readonly min?: number;
    readonly max?: number;
    readonly isWhole?: boolean;
  }
  interface Suite {
    readonly summary: string;
    readonly options: Readonly<Record<string, Option>>;
  }
  export type Suites = Readonly<Record<string, Suite>>;
  export class UsageError extends Error {}
  export function parseArguments(
    argv: readonly string[],
    suites: Suites,
  ): "help" | ({ suite: string } & Record<string, unknown>);
  export function formatHelp(suites: Suites): string;
}

declare module "*/bench/plot.mjs" {
  export interface Series {
    readonly label: string;
    readonly points: readonly (readonly [x: number, y: number, isHollow?: boolean])[];
    readonly style: number;
    readonly isDashed?: boolean;
  }
  export interface Chart {
    readonly title: string;
    readonly xLabel: string;
    readonly yLabel: string;
    readonly series: readonly Series[];
  }
  export function lineChart(chart: Chart): string;
  export function logTicks(values: readonly number[]): number[];
}

declare module "*/bench/sampling.mjs" {
  interface Figures {
    readonly median: number;
    readonly p5: number;
    readonly p95: number;
    readonly count: number;
  }
  export function sample(
    repeat: (times: number) => void,
    lengths: { warmupSeconds: number; seconds: number },
  ): number[];
  export function toFigures(samples: readonly number[]): Figures;
}

declare module "*/bench/dispatch-report.mjs" {
  import type { Chart } from "*/bench/plot.mjs";
  import type { Figures } from "*/bench/sampling.mjs";
  export interface Point {
    readonly backend: string;
    readonly descriptors: number;
    readonly active: number;
    readonly figures?: Figures;
    readonly leftOut?: string;
    readonly invalid?: string;
  }
  export function formatDispatch(
    points: readonly Point[],
    active: number,
    backends: readonly string[],
  ): string;
  export function formatLeftOut(points: readonly Point[], absent: readonly string[]): string;
  export function toChart(points: readonly Point[]): Chart | undefined;
}

declare module "*/bench/micro.mjs" {
  import type { Figures } from "*/bench/sampling.mjs";

  interface Result {
    readonly name: string;
    readonly unit: string;
    readonly figures?: Figures;
    readonly leftOut?: string;
    readonly invalid?: string;
  }
  export function formatMicro(results: readonly Result[]): string;
  export function formatMicroBars(
    bars: readonly { readonly name: string; readonly nsMax: number }[],
    results: readonly Result[],
  ): string;
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
  export function compile(source: string, libraries?: readonly string[]): string;
  export function hasHeader(header: string): boolean;
}

declare module "*/bench/children.mjs" {
  interface Command {
    readonly file: string;
    readonly args: readonly string[];
  }
  interface Server {
    readonly port: number;
    readonly pid: number;
    readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
    readonly stop: (timeoutMs?: number) => Promise<string | undefined>;
  }
  export function startServer(command: Command, portPattern?: RegExp): Promise<Server>;
  export function runToEnd(
    command: Command,
    timeoutMs: number,
  ): Promise<{ stdout: string; how: string }>;
}
