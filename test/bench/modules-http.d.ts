// The types of the modules of the bench "http"; modules.d.ts has the others.

declare module "*/bench/http-contestants.mjs" {
  export interface Contestant {
    readonly name: string;
    readonly label: string;
    readonly serves: readonly string[];
    readonly available: () => true | string;
    readonly command: (trial: { readonly kind: string }) => {
      readonly file: string;
      readonly args: readonly string[];
    };
    readonly portPattern?: RegExp;
  }
  export const httpContestants: readonly Contestant[];
}

declare module "*/bench/http-folder.mjs" {
  export function removeHttpFolder(): void;
}

declare module "*/bench/http-requests.mjs" {
  export const httpRequests: Readonly<Record<"minimal" | "browser", (path: string) => string>>;
}

declare module "*/bench/trials.mjs" {
  export interface HttpTrial {
    readonly name: string;
    readonly connections: number;
    readonly kind: "greeting" | "files";
    readonly depth: number;
    readonly request: "minimal" | "browser";
    readonly path: string;
    readonly bodyBytes: number;
  }
  export const httpTrials: readonly HttpTrial[];
}

declare module "*/bench/runtimes.mjs" {
  export interface Rival {
    readonly variable: string;
    readonly what: string;
    readonly installed: string;
  }
  export const rivals: Readonly<Record<string, Rival>>;
  export function findRival(
    rival: Rival,
    environment?: Readonly<Record<string, string | undefined>>,
  ): { readonly path: string } | { readonly missing: string };
}
