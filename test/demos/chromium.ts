/** Headless Chromium for the tests of pages, driven by playwright-core. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser as Chromium, chromium, type Page } from "playwright-core";
import { afterAll, onTestFinished } from "vitest";

const CHROMIUM = "/usr/bin/chromium";

/** Why there is no browser; undefined: there is one. */
export const missing: string | undefined = existsSync(CHROMIUM)
  ? undefined
  : `${CHROMIUM} is missing: apt-get install chromium`;

/** A folder for a picture of each page that a test leaves. */
const PICTURES = process.env["SOCKET_REACTOR_PICTURES"];

/** Of what is seen of the page, or of all of it. */
export async function picture(page: Page, name: string, fullPage = false): Promise<void> {
  if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage });
}

export interface Browser {
  /** A page, and what its console says of errors: each breach of the policy among them. */
  open(url: string): Promise<Page>;
  readonly errors: string[];
}

export interface Look {
  readonly colorScheme?: "light" | "dark";
  readonly reducedMotion?: "reduce" | "no-preference";
  readonly width?: number;
  readonly height?: number;
}

/** One for all tests of a file; each has a context of its own. It sends nothing of its own. */
let chromiumStarting: Promise<Chromium> | undefined;

afterAll(async () => {
  await (await chromiumStarting)?.close();
});

function startChromium(): Promise<Chromium> {
  return chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update"],
    ],
  });
}

/** A browser that knows nothing yet. It ends with the test. */
export async function startBrowser(look: Look = {}): Promise<Browser> {
  const { colorScheme = "light", reducedMotion = "no-preference" } = look;
  const viewport = { width: look.width ?? 1200, height: look.height ?? 800 };
  chromiumStarting ??= startChromium();
  const browser = await chromiumStarting;
  const context = await browser.newContext({ colorScheme, reducedMotion, viewport });
  onTestFinished(() => context.close());
  const errors: string[] = [];
  const open = async (url: string): Promise<Page> => {
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(url);
    return page;
  };
  return { open, errors };
}
