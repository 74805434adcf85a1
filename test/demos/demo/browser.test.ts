/** The live page in headless Chromium, and a person who types in nc: here a socket of node:net. */
import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { CONNECTIONS_SHOWN_MAX } from "../../../src/demos/demo/snapshot.js";
import { type Look, missing, picture, startBrowser } from "../chromium.js";
import { connectMany, connectTo, pattern, receiveToEnd, roundTrip } from "../echo-peers.js";
import { named } from "../http/outside-tool.js";
import { startDemo } from "./demo-peers.js";

interface Opened {
  readonly page: Page;
  /** What the console says of errors, among them each breach of the Content-Security-Policy. */
  readonly errors: string[];
}

/** The page when it has its first numbers. */
async function open(url: string, look: Look = {}): Promise<Opened> {
  const browser = await startBrowser({ width: 1280, height: 900, ...look });
  const page = await browser.open(url);
  await page.getByText("connected", { exact: true }).waitFor();
  await page.locator("#listeners tr").nth(2).waitFor();
  return { page, errors: browser.errors };
}

/** The row of a peer, by its port. */
function rowOf(page: Page, port: number | undefined): Locator {
  return page.locator("#connections tr", { hasText: `127.0.0.1:${port}` });
}

describe.skipIf(missing)(named("in Chromium", missing), { timeout: 60_000 }, () => {
  test("a row comes, its state changes as somebody types, and it goes", async () => {
    const { echoPort, httpPort } = startDemo({ beatMs: 50, closeWaitMs: 1500 });
    const { page, errors } = await open(`http://127.0.0.1:${httpPort}/`);
    expect(await page.locator("#listeners").textContent()).toContain(`127.0.0.1:${echoPort}`);
    expect(await page.locator("pre[data-try=echo]").first().textContent()).toBe(
      `nc -N 127.0.0.1 ${echoPort}`,
    );

    const client = await connectTo(echoPort);
    const row = rowOf(page, client.localPort);
    await row.getByText("ESTABLISHED").waitFor();
    await roundTrip(client, pattern(1, 2048));
    await row.getByText("2.0 KiB").first().waitFor();
    await page.locator("#diagram .dot.echo:not(.listener)").waitFor();

    const others = await connectMany(echoPort, 3);
    client.end();
    await row.getByText("CLOSE_WAIT").waitFor();
    await page.locator('#diagram .state.busy[data-state="CLOSE_WAIT"]').waitFor();
    await page.locator("#diagram-summary", { hasText: "1 CLOSE_WAIT" }).waitFor();
    await picture(page, "demo-activity", true);

    await receiveToEnd(client);
    await row.getByText("CLOSED").waitFor();
    await row.waitFor({ state: "detached" });
    const last = page.locator("#log li", { hasText: "LAST_ACK" });
    expect(await last.textContent()).toMatch(/echo #\d+CLOSE_WAIT → LAST_ACK → CLOSED127/);
    for (const other of others) other.destroy();
    const dots = page.locator("#diagram .dot.echo:not(.listener)");
    await expect.poll(() => dots.count(), { timeout: 20_000 }).toBe(0);
    expect(errors).toEqual([]);
  });

  test("of many connections some are shown, and it says of how many", async () => {
    const { echoPort, httpPort } = startDemo({ beatMs: 50 });
    const { page, errors } = await open(`http://127.0.0.1:${httpPort}/`, { colorScheme: "dark" });
    await connectMany(echoPort, 200);
    const note = page.locator("#sockets-note", { hasText: `the ${CONNECTIONS_SHOWN_MAX} last` });
    await note.waitFor();
    const rows = page.locator("#connections tr");
    await expect.poll(() => rows.count(), { timeout: 20_000 }).toBe(CONNECTIONS_SHOWN_MAX);
    await picture(page, "demo-dark", true);
    expect(errors).toEqual([]);
  });

  test("of a flood so many dots come and go as can be followed, and no more", async () => {
    const { echoPort, httpPort } = startDemo({ beatMs: 50 });
    const { page, errors } = await open(`http://127.0.0.1:${httpPort}/`);
    await page.evaluate(`
      globalThis.most = 0;
      const dots = () => document.querySelectorAll("#diagram .dot").length;
      new MutationObserver(() => { most = Math.max(most, dots()); })
        .observe(document.getElementById("diagram"), { childList: true });
    `);
    await connectMany(echoPort, 600);
    await page.locator("#diagram-summary", { hasText: /5\d\d more/ }).waitFor();
    const most = await page.evaluate<number>("most");
    expect(most).toBeGreaterThanOrEqual(CONNECTIONS_SHOWN_MAX);
    expect(most).toBeLessThan(200); // 120, those of the table, and the listeners
    expect(errors).toEqual([]);
  });

  test("it says when the server has gone, and comes back to it", async () => {
    const first = startDemo();
    const { page } = await open(`http://127.0.0.1:${first.httpPort}/`);
    await first.stop();
    await page.getByText("connection lost, trying again").waitFor();
    const second = startDemo({ httpPort: first.httpPort });
    await page.getByText("connected", { exact: true }).waitFor();
    await page.locator("#listeners", { hasText: `127.0.0.1:${second.echoPort}` }).waitFor();
  });

  test("paused, nobody looks; then it goes on", async () => {
    const { server, httpPort } = startDemo();
    const { page } = await open(`http://127.0.0.1:${httpPort}/`);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("paused").waitFor();
    await expect.poll(() => server.live.listeners, { timeout: 20_000 }).toBe(0);
    await page.getByRole("button", { name: "Go on" }).click();
    await expect.poll(() => server.live.listeners, { timeout: 20_000 }).toBe(1);
  });

  test("on a telephone nothing is wider than the screen; still, dots jump", async () => {
    const { echoPort, httpPort } = startDemo({ beatMs: 50 });
    const { page, errors } = await open(`http://127.0.0.1:${httpPort}/`, {
      ...{ width: 360, reducedMotion: "reduce" },
    });
    const client = await connectTo(echoPort);
    await rowOf(page, client.localPort).waitFor();
    const dot = page.locator("#diagram .dot.echo:not(.listener)");
    await dot.waitFor();
    const duration = "getComputedStyle(document.querySelector('#diagram .dot')).transitionDuration";
    expect(await page.evaluate(duration)).toBe("0s");
    const [width, shown] = await page.evaluate<[number, number]>(
      "[document.documentElement.scrollWidth, innerWidth]",
    );
    expect(width).toBeLessThanOrEqual(shown);
    await picture(page, "demo-telephone", true);
    expect(errors).toEqual([]);
  });
});
