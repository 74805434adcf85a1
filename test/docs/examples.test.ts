/** Every TypeScript example, in a doc comment or a page, compiles as a user's program would. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Example {
  /** Where it stands: "README.md:14". */
  readonly place: string;
  readonly code: string;
}

describe("examples", () => {
  const examples = [...pages(), ...sources()].flatMap((file) =>
    examplesOf(relative(root, file), readFileSync(file, "utf8")),
  );

  test("there are some, in pages and in doc comments", () => {
    expect(examples.some(({ place }) => place.startsWith("README.md"))).toBe(true);
    expect(examples.some(({ place }) => place.startsWith("src/selectors/"))).toBe(true);
    expect(examples.some(({ place }) => place.startsWith("src/sockets/"))).toBe(true);
  });

  test("all of them compile", () => {
    expect(errorsOf(examples)).toEqual([]);
  }, 120_000); // a compiler's run, on a machine that may be busy

  test("one that is wrong would be found", () => {
    const code = 'import { Socket } from "socket-reactor";\nSocket.tcp().recieve();';
    expect(errorsOf([{ place: "made up", code }])).toEqual([
      expect.stringMatching(/^made up: Property 'recieve' does not exist on type 'Socket'/),
    ]);
  });
});

function pages(): string[] {
  const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  return ["README.md", ...docs.map((name) => join("docs", name))]
    .filter((name) => name.endsWith(".md") && !name.includes("/api/"))
    .map((name) => join(root, name));
}

function sources(): string[] {
  const names = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts")).map((name) => join(root, "src", name));
}

/** The blocks fenced with ```ts, without the asterisks of a doc comment. */
function examplesOf(file: string, text: string): Example[] {
  const blocks = text.matchAll(/^( \* | {3}\* | {4}\* |)```ts\n([\s\S]*?)^\1```$/gm);
  return [...blocks].map(({ 1: margin = "", 2: body = "", index }) => ({
    place: `${file}:${text.slice(0, index).split("\n").length}`,
    code: body.replaceAll(new RegExp(`^${margin.trimEnd().replaceAll("*", "\\*")} ?`, "gm"), ""),
  }));
}

/** What the compiler says, with the settings of this project: a line for each error. */
function errorsOf(examples: readonly Example[]): string[] {
  const config = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const files = new Map(
    examples.map((example, i) => [join(root, "test", "docs", `example-${i}.ts`), example]),
  );
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  // An example is a module even if it imports nothing: its names are its own.
  host.readFile = (name) => {
    const example = files.get(name);
    return example === undefined ? readFile(name) : `${example.code}\nexport {};\n`;
  };
  host.fileExists = (name) => files.has(name) || fileExists(name);
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files].flatMap(([name, { place }]) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(name))
      .map((error) => `${place}: ${ts.flattenDiagnosticMessageText(error.messageText, "\n")}`),
  );
}
