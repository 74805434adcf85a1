/** The demo's page in a browser: headless Chromium. */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { missing, picture, startBrowser } from "../chromium.js";
import { serve, startDemo } from "./demo-server.js";
import { named } from "./outside-tool.js";

interface Opened {
  readonly page: Page;
  /** What the console says of errors, among them each breach of the Content-Security-Policy. */
  readonly errors: string[];
}

/** The page in a browser that knows nothing. */
async function open(url: string, colorScheme: "light" | "dark" = "light"): Promise<Opened> {
  const browser = await startBrowser({ colorScheme, height: 1000 });
  return { page: await browser.open(url), errors: browser.errors };
}

describe.skipIf(missing)(named("in Chromium", missing), { timeout: 60_000 }, () => {
  test("the page shows events, echoes JSON, reads a slow answer and lists files", async () => {
    const files = { "notes.txt": "", "<i>&.html": "", "sub/deep.txt": "" };
    const { port, log } = serve(files, { list: true, paceMs: 20 });
    const { page, errors } = await open(`http://127.0.0.1:${port}/`);

    await page.getByText("connected", { exact: true }).waitFor();
    await page.locator("#turns").filter({ hasText: /\d/ }).waitFor();

    await page.getByRole("textbox").fill('{"from": "<b>Chromium</b>"}');
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("status 200").waitFor();
    expect(await page.locator("#echo-answer").textContent()).toContain('"<b>Chromium</b>"');
    await page.getByRole("textbox").fill("{");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("status 400").waitFor();

    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText("complete", { exact: true }).waitFor();
    expect(await page.locator("#slow-answer").textContent()).toContain("Line 10 of 10");

    const names = await page.locator("#files a").allTextContents();
    expect(names).toEqual(["<i>&.html", "a.txt", "notes.txt", "sub/"]);
    await picture(page, "page", true);
    await page.getByRole("link", { name: "sub/" }).click();
    await page.getByRole("link", { name: "deep.txt" }).waitFor();
    await picture(page, "folder", true);
    await page.goBack();

    // The answer that was no JSON is the one error, and that is what the browser says of it.
    expect(errors.filter((error) => !error.includes("400 (Bad Request)"))).toEqual([]);
    expect(log).toContain("GET /demo.js 200");
  });

  test("the page says when the server has gone, and comes back to it", async () => {
    const first = startDemo();
    const { page } = await open(`http://127.0.0.1:${first.port}/`, "dark");
    await page.getByText("connected", { exact: true }).waitFor();
    await picture(page, "dark", true);
    await first.stop();
    await page.getByText("gone, trying again").waitFor();
    startDemo({ port: first.port });
    await page.getByText("connected", { exact: true }).waitFor();
  });

  test("a slow answer that is stopped ends on the server, too", async () => {
    const { demo, port } = startDemo({ paceMs: 60_000 });
    const { page } = await open(`http://127.0.0.1:${port}/`);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText("Line 1 of 10").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("stopped", { exact: true }).waitFor();
    await expect.poll(() => demo.server.stats().activeRequests).toBe(0);
  });

  test("it can be used on a telephone: nothing is wider than the screen", async () => {
    const { port } = serve({ [`${"long".repeat(50)}.txt`]: "" }, { list: true });
    const { page } = await open(`http://127.0.0.1:${port}/`);
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByText("connected", { exact: true }).waitFor();
    const [width, shown] = await page.evaluate<[number, number]>(
      "[document.documentElement.scrollWidth, innerWidth]",
    );
    expect(width).toBeLessThanOrEqual(shown);
    await picture(page, "telephone", true);
  });

  test("a page of a file is the file's own affair, but its type is not guessed", async () => {
    const { port } = serve({ "x.txt": "<script>document.title='ran'</script>" });
    const { page } = await open(`http://127.0.0.1:${port}/x.txt`);
    expect(await page.title()).not.toBe("ran");
    expect(await page.locator("pre").textContent()).toContain("<script>");
  });
});
