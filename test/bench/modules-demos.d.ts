// The types of the modules of the benches "models" and "chat"; modules.d.ts has the others.

declare module "*/bench/models-summary.mjs" {
  export interface Extent {
    readonly served: number;
    readonly waiting: number;
    readonly refused: number;
    readonly lost: number;
    readonly refusal: string;
    readonly threads: number;
    readonly idleThreads: number;
    readonly mib: number;
    readonly kibPerConnection: number;
  }
  export interface ModelRound {
    readonly extent?: Extent;
    readonly sample?: Readonly<Record<string, number>>;
    readonly invalid?: string;
  }
  export interface ModelSummary {
    readonly rounds: number;
    readonly invalid: readonly string[];
    readonly figures: Readonly<Record<string, number>> | undefined;
    readonly spread: number | undefined;
    readonly extent?: Extent;
  }
  export function toModelRound(stdout: string, how: string): ModelRound;
  export function summarizeModel(rounds: readonly ModelRound[]): ModelSummary;
  export function p99Us(summary: ModelSummary): number;
}

declare module "*/bench/models-report.mjs" {
  import type { ModelSummary } from "*/bench/models-summary.mjs";
  import type { Chart } from "*/bench/plot.mjs";

  interface Result {
    readonly trial: { readonly title: string; readonly connections: number };
    readonly entries: readonly {
      readonly name: string;
      readonly skipped: string | undefined;
      readonly summary: ModelSummary;
    }[];
  }
  export function formatModels(result: Result): string;
  export function replaceFigures(page: string, figures: string): string;
  export function toModelCharts(results: readonly Result[]): { name: string; chart: Chart }[];
}

declare module "*/bench/chat-report.mjs" {
  interface Window {
    readonly senders: number;
    readonly isStalled: boolean;
    readonly waitingKib: number;
    readonly cpuUs: number;
    readonly lastP50Ms: number;
    readonly lastP99Ms: number;
  }
  export type Round =
    | { readonly enteringSeconds: number; readonly rssMiB: number; readonly windows: Window[] }
    | { readonly invalid: string };
  interface Entry {
    readonly name: string;
    readonly skipped: string | undefined;
    readonly rounds: readonly Round[];
  }
  export function toChatRound(stdout: string, how: string): Round;
  export function formatChat(senders: number, entries: readonly Entry[]): string;
  export function formatStalled(senders: number, entries: readonly Entry[]): string;
}
