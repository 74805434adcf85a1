/**
 * Who may import what: the table of the rooms, as a checker over files that are given as text, so
 * that it can be tried on made-up ones. Paths are relative to src/ (or native/), with slashes.
 */
import { builtinModules } from "node:module";
import { dirname, join } from "node:path/posix";
import ts from "typescript";

/** Contents by path. */
export type Files = ReadonlyMap<string, string>;

export interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
  readonly isDynamic: boolean;
}

const PACKAGE = "socket-reactor";

/** The rooms that each room may import, besides itself. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  sockets: ["kernel"],
  selectors: ["kernel"],
  simulation: ["kernel"],
  reactor: ["selectors", "sockets", "kernel"],
  streams: ["reactor", "sockets", "kernel"],
  protocols: ["streams", "reactor", "sockets", "kernel"],
  demos: [],
};

/** Packages that a room may import. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = { kernel: ["node-gyp-build"] };

/** Node's own way to do what this library does. */
const RIVALS = new Set("net http https http2 dgram tls cluster child_process".split(" "));

const builtins = new Set(builtinModules);

/** Every import of a module: static, re-exporting, dynamic, of a type, and by require(). */
export function importsOf(path: string, text: string): Import[] {
  const imports: Import[] = [];
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean, isDynamic: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    imports.push({ specifier: specifier.text, isTypeOnly, isDynamic });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.isTypeOnly ?? false, false);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly, false);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true, false);
    } else if (ts.isCallExpression(node)) {
      const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
      const isRequire = ts.isIdentifier(node.expression) && node.expression.text === "require";
      if (isImport || isRequire) add(node.arguments[0], false, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(path, text));
  return imports;
}

/** Every breach of the table, one line each. */
export function importBreaches(files: Files): string[] {
  const breaches: string[] = [];
  for (const [path, text] of files) {
    for (const imported of importsOf(path, text)) {
      const reason = objection(path, imported, files);
      if (reason !== undefined) breaches.push(`${path}: "${imported.specifier}": ${reason}`);
    }
    if (path.split("/").at(-1) === "index.ts" && !onlyReexports(path, text)) {
      breaches.push(`${path}: an index holds re-exports only`);
    }
  }
  return [...breaches, ...parserBreaches(files)];
}

/** The cycles among the files, each as the paths along it; imports of types count. */
export function importCycles(files: Files): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      cycles.push([...trail.slice(at), path]);
      return;
    }
    if (done.has(path)) return;
    for (const { specifier } of importsOf(path, files.get(path) ?? "")) {
      const target = resolve(path, specifier);
      if (target !== undefined && files.has(target)) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
  return cycles;
}

/** Breaches in native/: headers beyond libc and napi.h, and calls into JavaScript. */
export function nativeBreaches(files: Files): string[] {
  const breaches: string[] = [];
  for (const [path, text] of files) {
    const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
    const isHostLoop = path === "host_loop.cc";
    const knowsLoop = /^host_(loop|poll|attachment)\.(cc|h)$/.test(path);
    for (const [, header = ""] of code.matchAll(/^\s*#\s*include\s*<([^>]+)>/gm)) {
      const isForeign = /^(uv|node|v8|nan|js_native_api)\b|^(uv|node|v8|nan|cppgc)[/_]/.test(
        header,
      );
      if (isForeign && !(knowsLoop && header === "uv.h")) breaches.push(`${path}: <${header}>`);
    }
    for (const [, header = ""] of code.matchAll(/^\s*#\s*include\s*"([^"]+)"/gm)) {
      if (!files.has(header)) breaches.push(`${path}: "${header}" is not in native/`);
    }
    const calls =
      /\b(napi_make_callback|napi_call_function|napi_call_threadsafe_function|MakeCallback)\b/;
    const call = calls.exec(code);
    if (call !== null && !isHostLoop) breaches.push(`${path}: ${call[0]} calls JavaScript`);
  }
  return breaches;
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
}

function roomOf(path: string): string {
  return path.includes("/") ? (path.split("/")[0] as string) : "";
}

/** The file that a specifier means, or undefined for a package or a builtin. */
function resolve(path: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return join(dirname(path), specifier).replace(/\.js$/, ".ts");
  if (specifier === PACKAGE) return "index.ts";
  if (specifier.startsWith(`${PACKAGE}/`)) return `${specifier.slice(PACKAGE.length + 1)}/index.ts`;
  return undefined;
}

function objection(path: string, imported: Import, files: Files): string | undefined {
  const { specifier } = imported;
  const room = roomOf(path);
  if (room !== "" && ROOMS[room] === undefined) return `"${room}" is no room of the house`;
  const isBuiltin = specifier.startsWith("node:") || builtins.has(specifier.split("/")[0] ?? "");
  if (isBuiltin) return builtinObjection(room, specifier);
  if (!specifier.startsWith(".")) return packageObjection(room, imported);
  const target = resolve(path, specifier) as string;
  if (!files.has(target)) return "there is no such file in src/";
  if (room === "demos") return demoObjection(path, target);
  if (room === "") return path === "index.ts" ? undefined : "only index.ts stands beside the rooms";
  const targetRoom = roomOf(target);
  const isAllowed = targetRoom === room || ROOMS[room]?.includes(targetRoom) === true;
  return isAllowed
    ? undefined
    : `${room} may not import ${targetRoom === "" ? target : targetRoom}`;
}

function builtinObjection(room: string, specifier: string): string | undefined {
  const name = specifier.replace(/^node:/, "");
  if (specifier === name) return "builtins are imported with node:";
  const isRival = RIVALS.has(name.split("/")[0] ?? "") && room !== "demos";
  return isRival ? `${room} may not use Node's own ${name}` : undefined;
}

function packageObjection(room: string, imported: Import): string | undefined {
  const { specifier, isDynamic, isTypeOnly } = imported;
  const isOwn = specifier === PACKAGE || specifier.startsWith(`${PACKAGE}/`);
  if (room === "demos") {
    const isOptional = specifier === "redis" && (isDynamic || isTypeOnly);
    return isOwn || isOptional ? undefined : "demos need no package";
  }
  if (isOwn) return "only demos import the package by its name";
  return PACKAGES[room]?.includes(specifier) === true ? undefined : "no run-time dependency";
}

/** Demos that build on others: pages are served as the http demo serves files. */
const DEMOS: Readonly<Record<string, readonly string[]>> = {
  chat: ["http"],
  demo: ["echo", "chat", "http"],
};

/** A demo may use its own folder and what stands beside all of them; the command line uses all. */
function demoObjection(path: string, target: string): string | undefined {
  if (roomOf(target) !== "demos") return "demos import the package by its own name";
  const [, folder, file] = path.split("/");
  const [, targetFolder, targetFile] = target.split("/");
  const isShared = targetFile === undefined;
  const isCommandLine = file === undefined;
  if (isShared || isCommandLine || folder === targetFolder) return undefined;
  if (DEMOS[folder ?? ""]?.includes(targetFolder ?? "") === true) return undefined;
  return `the ${folder} demo may not import the ${targetFolder} demo`;
}

/** A parser, in protocols/NAME/parser/, knows its own folder and the type of ByteQueue, no builtin. */
function parserBreaches(files: Files): string[] {
  const breaches: string[] = [];
  for (const [path, text] of files) {
    const [room, , folder] = path.split("/");
    if (room !== "protocols" || folder !== "parser") continue;
    for (const { specifier, isTypeOnly } of importsOf(path, text)) {
      const target = resolve(path, specifier);
      const isOwn = target !== undefined && dirname(target) === dirname(path);
      const isQueueType = isTypeOnly && target === "streams/byte-queue.ts";
      if (!isOwn && !isQueueType) breaches.push(`${path}: "${specifier}": a parser knows no I/O`);
    }
  }
  return breaches;
}

function onlyReexports(path: string, text: string): boolean {
  return parse(path, text).statements.every(
    (statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined,
  );
}
