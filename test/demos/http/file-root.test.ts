import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { FileRoot, type FoundFile } from "../../../src/demos/http/file-root.js";
import {
  escapeHtml,
  folderPage,
  LIST_MAX,
  listFolder,
} from "../../../src/demos/http/folder-list.js";
import { Refusal } from "../../../src/demos/http/refusal.js";
import { MODIFIED, SECRET, servedFolder } from "./served-folder.js";

/** Its content, as "folder" or undefined what is none; it is closed. */
function contentOf(root: FileRoot, ...names: string[]): string | undefined {
  const found = root.open(names);
  if (found?.kind !== "file") return found?.kind;
  const text = readFileSync(found.fd, "utf8");
  found.close();
  return text;
}

function fileOf(root: FileRoot, ...names: string[]): FoundFile {
  const found = root.open(names);
  if (found?.kind !== "file") throw new Error(`${names} is no file`);
  found.close();
  return found;
}

describe("a root of files", () => {
  test("opens its files, and tells folders from what there is not", () => {
    const folder = servedFolder({ "a.txt": "A", "sub/b.txt": "B" });
    const root = new FileRoot(folder.path);
    expect(contentOf(root, "a.txt")).toBe("A");
    expect(contentOf(root, "sub", "b.txt")).toBe("B");
    expect(contentOf(root, "sub")).toBe("folder");
    expect(contentOf(root)).toBe("folder");
    expect(contentOf(root, "c.txt")).toBeUndefined();
    expect(contentOf(root, "a.txt", "b")).toBeUndefined();
    expect(contentOf(root, "x".repeat(1000))).toBeUndefined();
    expect(() => new FileRoot(join(folder.path, "none"))).toThrow("ENOENT");
  });

  test("follows a link that stays inside, and none that leads outside", () => {
    const folder = servedFolder({ "a.txt": "A", "sub/b.txt": "B", ".hidden/c.txt": SECRET });
    const root = new FileRoot(folder.path);
    folder.link("inside.txt", "sub/b.txt");
    folder.link("inside", "sub");
    folder.link("sub/up", "..");
    expect(contentOf(root, "inside.txt")).toBe("B");
    expect(contentOf(root, "inside", "b.txt")).toBe("B");
    expect(contentOf(root, "sub", "up", "a.txt")).toBe("A");
    folder.link("outside.txt", "../beside/secret.txt");
    folder.link("outside", "../beside");
    folder.link("namesake", "../root-secret");
    folder.link("absolute.txt", join(folder.path, "../beside/secret.txt"));
    folder.link("above", "..");
    folder.link("chain", "outside");
    folder.link("circle", "circle");
    folder.link("dangling", "nothing");
    folder.link("hidden.txt", ".hidden/c.txt");
    for (const names of [
      ["outside.txt"],
      ["outside", "secret.txt"],
      ["outside"],
      ["namesake", "secret.txt"],
      ["absolute.txt"],
      ["above", "beside", "secret.txt"],
      ["chain", "secret.txt"],
      ["circle"],
      ["dangling"],
      ["hidden.txt"],
    ]) {
      expect(contentOf(root, ...names), names.join("/")).toBeUndefined();
    }
  });

  test("may itself be reached by a link, and lie in a hidden folder", () => {
    const folder = servedFolder({ ".home/site/a.txt": "A" });
    folder.link("link", ".home/site");
    expect(contentOf(new FileRoot(join(folder.path, "link")), "a.txt")).toBe("A");
  });

  test("does not wait for pipes, nor open what is neither file nor folder", async () => {
    const folder = servedFolder();
    const root = new FileRoot(folder.path);
    execFileSync("mkfifo", [join(folder.path, "pipe")]);
    expect(contentOf(root, "pipe")).toBeUndefined();
    const server = createServer().listen(join(folder.path, "socket"));
    onTestFinished(async () => {
      server.close();
      await once(server, "close");
    });
    await once(server, "listening");
    expect(contentOf(root, "socket")).toBeUndefined();
  });

  test("notices a folder that became a link after it had been looked at", () => {
    const folder = servedFolder({ "sub/secret.txt": "harmless" });
    const look = FileRoot.prototype.look;
    class Raced extends FileRoot {
      override look(names: readonly string[]): ReturnType<typeof look> {
        const found = super.look(names);
        renameSync(join(this.path, "sub"), join(this.path, "old"));
        symlinkSync("../beside", join(this.path, "sub"));
        return found;
      }
    }
    const root = new Raced(folder.path);
    expect(contentOf(root, "sub", "secret.txt")).toBeUndefined();
  });

  test("refuses with 403 what the system keeps from us", (context) => {
    if (process.getuid?.() === 0) return context.skip("root may read everything");
    const folder = servedFolder({ "a.txt": SECRET });
    chmodSync(join(folder.path, "a.txt"), 0);
    const open = (): unknown => new FileRoot(folder.path).open(["a.txt"]);
    expect(open).toThrow(Refusal);
    expect(open).toThrow(expect.objectContaining({ status: 403 }));
  });

  test("says of the open file what it was, though another has its name by now", () => {
    const folder = servedFolder({ "a.txt": "old" });
    const root = new FileRoot(folder.path);
    const found = root.open(["a.txt"]);
    if (found?.kind !== "file") throw new Error("No file");
    folder.write("b.txt", "newer");
    renameSync(join(folder.path, "b.txt"), join(folder.path, "a.txt"));
    expect(found.size).toBe(3);
    expect(readFileSync(found.fd, "utf8")).toBe("old");
    found.close();
    found.close(); // twice is no error
  });
});

describe("the validators of a file", () => {
  test("change with its time to the nanosecond, its size and its identity", () => {
    const folder = servedFolder({ "a.txt": "A" });
    const root = new FileRoot(folder.path);
    const first = fileOf(root, "a.txt");
    expect(first.etag).toMatch(/^"[\x21\x23-\x7e]+"$/);
    expect(first.modified).toBe(MODIFIED);
    expect(fileOf(root, "a.txt").etag).toBe(first.etag);
    const tags = new Set([first.etag]);
    folder.write("a.txt", "A", MODIFIED + 0.001);
    tags.add(fileOf(root, "a.txt").etag);
    folder.write("a.txt", "AB");
    tags.add(fileOf(root, "a.txt").etag);
    folder.write("b.txt", "A");
    renameSync(join(folder.path, "b.txt"), join(folder.path, "a.txt"));
    tags.add(fileOf(root, "a.txt").etag);
    expect(tags.size).toBe(4);
  });

  test("have no time in the future", () => {
    const folder = servedFolder();
    const soon = Math.floor(Date.now() / 1000) + 1_000_000;
    folder.write("a.txt", "A", soon);
    expect(fileOf(new FileRoot(folder.path), "a.txt").modified).toBeLessThan(soon);
  });
});

describe("the list of a folder", () => {
  test("has what can be asked for, by name, and nothing else", () => {
    const folder = servedFolder({ "b.txt": "BB", ".hidden": "", "a/c.txt": "", "back\\slash": "" });
    folder.link("inside", "a");
    folder.link("outside", "../beside");
    writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/x`), Buffer.of(0xff)]), "");
    expect(listFolder(new FileRoot(folder.path), [])).toEqual({
      isWhole: true,
      entries: [
        { name: "a", url: "./a/", size: undefined },
        { name: "b.txt", url: "./b.txt", size: 2 },
        { name: "inside", url: "./inside/", size: undefined },
      ],
    });
  });

  test("ends at its limit, and says so", () => {
    const folder = servedFolder();
    for (let n = 0; n <= LIST_MAX; n += 1) mkdirSync(join(folder.path, String(n)));
    const list = listFolder(new FileRoot(folder.path), []);
    expect(list.entries).toHaveLength(LIST_MAX);
    expect(list.isWhole).toBe(false);
    expect(folderPage([], list)).toContain(`Only ${LIST_MAX} are shown.`);
    expect(folderPage([], { ...list, isWhole: true })).not.toContain("Only");
  });

  test("shows what is not hidden, however much is", () => {
    const folder = servedFolder({ "a.txt": "A" });
    for (let n = 0; n <= LIST_MAX; n += 1) mkdirSync(join(folder.path, `.${n}`));
    const { entries, isWhole } = listFolder(new FileRoot(folder.path), []);
    expect(entries.map(({ name }) => name)).toEqual(["a.txt"]);
    expect(isWhole).toBe(true);
  });

  test("says that it is not whole, also when the rest cannot be asked for", () => {
    const folder = servedFolder();
    for (let n = 0; n <= LIST_MAX; n += 1) folder.link(`link${n}`, "nothing");
    expect(listFolder(new FileRoot(folder.path), [])).toEqual({ entries: [], isWhole: false });
  });

  test("has the others, if the system keeps one from us", () => {
    class Partly extends FileRoot {
      override look(names: readonly string[]): ReturnType<FileRoot["look"]> {
        if (names.includes("b.txt")) throw new Refusal(403, "No"); // as a link into a closed folder
        return super.look(names);
      }
    }
    const folder = servedFolder({ "a.txt": "", "b.txt": "", "c.txt": "" });
    const { entries } = listFolder(new Partly(folder.path), []);
    expect(entries.map(({ name }) => name)).toEqual(["a.txt", "c.txt"]);
  });

  test("is refused with 403 for a folder that the system keeps from us", (context) => {
    if (process.getuid?.() === 0) return context.skip("root may read everything");
    const folder = servedFolder({ "closed/a.txt": SECRET });
    const closed = join(folder.path, "closed");
    chmodSync(closed, 0o311);
    onTestFinished(() => chmodSync(closed, 0o755));
    const list = (): unknown => listFolder(new FileRoot(folder.path), ["closed"]);
    expect(list).toThrow(expect.objectContaining({ status: 403 }));
  });

  test("is a page in which names are text, and links stay here", () => {
    const evil = `"><script>alert('1')&`;
    const folder = servedFolder({ [evil]: "", "javascript:alert(1)": "" });
    const page = folderPage(["<b>"], listFolder(new FileRoot(folder.path), []));
    expect(page).not.toMatch(/<script|<b>/);
    expect(page).toContain(escapeHtml(evil));
    for (const [, url] of page.matchAll(/<td><a href="([^"]*)"/g)) expect(url).toMatch(/^\.\//);
    expect(escapeHtml(`<>&"'`)).toBe("&#60;&#62;&#38;&#34;&#39;");
  });
});
