/** The chat's page for everybody: with the keyboard alone, on a telephone, light and dark, read aloud. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { missing, picture, startBrowser } from "../chromium.js";
import { named } from "../http/outside-tool.js";
import { enter, IrcClient, say, startChat } from "./page-browser.js";

const CONTRAST = readFileSync(new URL("page-contrast.js", import.meta.url), "utf8");

/** Who has the focus: its label, or what stands in it. */
const focused = (page: Page) =>
  page.evaluate<string>(`(() => {
    const { activeElement: element } = document;
    return element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
  })()`);

const isRinged = (page: Page) =>
  page.evaluate<boolean>("getComputedStyle(document.activeElement).outlineStyle === 'solid'");

async function widths(page: Page): Promise<readonly [scroll: number, shown: number]> {
  return page.evaluate<[number, number]>("[document.documentElement.scrollWidth, innerWidth]");
}

/** A talk with something of everything. */
async function talk(port: number, page: Page): Promise<void> {
  await page.getByText("You have joined").waitFor(); // before the others, so that it sees them come
  await say(page, "/topic Sockets, readiness and everything between • be kind");
  const irene = await IrcClient.enter(port, "irene");
  const others = ["bob", "Zoë", "дмитрий", "花子", "karl_", "mallory", "eve"];
  irene.send(
    "PRIVMSG #lobby :Good morning! The selector says I am readable.",
    "PRIVMSG #lobby :Does epoll report a socket twice if it was dup()ed and one of the two is closed?",
  );
  for (const nick of others) await IrcClient.enter(port, nick);
  await page.getByText("eve joined").waitFor();
  await say(page, "It does: the entry stays until the last descriptor of the open file is closed.");
  await say(
    page,
    "See https://man7.org/linux/man-pages/man7/epoll.7.html, the first question there.",
  );
  irene.send(
    "PRIVMSG #lobby :\x01ACTION reads\x01",
    "PRIVMSG #lobby :anna: thank you, that explains it ✨",
  );
  irene.send("PRIVMSG anna :psst, one more thing …", "NOTICE #lobby :tea is ready");
  const leaving = await IrcClient.enter(port, "dora");
  leaving.send("QUIT :until tomorrow");
  await page.getByText("until tomorrow").waitFor();
}

describe.skipIf(missing)(named("the chat's page is for all", missing), { timeout: 60_000 }, () => {
  test("the keyboard alone is enough, and the focus is seen", async () => {
    const { port, url } = startChat();
    const browser = await startBrowser();
    const page = await browser.open(url);
    expect(await focused(page)).toBe("Your nickname");
    await page.keyboard.type("anna");
    await page.keyboard.press("Enter");
    await page.getByText("Connected as anna", { exact: true }).waitFor();
    expect(await focused(page)).toBe("Message");
    const irene = await IrcClient.enter(port, "irene");
    await page.getByText("irene joined").waitFor();

    await page.keyboard.type("ir");
    await page.keyboard.press("Tab"); // completes the name
    await page.keyboard.type("hello");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("again");
    await page.keyboard.press("Enter");
    await irene.hears(/PRIVMSG #lobby :irene: hello$/);
    await irene.hears(/PRIVMSG #lobby :again$/);
    await page.keyboard.press("ArrowUp");
    expect(await page.getByLabel("Message", { exact: true }).inputValue()).toBe(
      "irene: hello\nagain",
    );
    await page.keyboard.press("Control+A");
    await page.keyboard.type("/join #other");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "#other" }).waitFor();
    await page.keyboard.press("Alt+ArrowUp");
    await page.getByRole("heading", { name: "#lobby" }).waitFor();

    const walked: string[] = [];
    for (let i = 0; i < 8; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate("document.activeElement === document.body")) continue; // all around
      expect(await isRinged(page)).toBe(true);
      walked.push(await focused(page));
    }
    expect(walked).toEqual([
      ...["Send", "irene", "#lobby", "#other", "Server", "Find a room …", "Leave"],
    ]);
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Messages in #lobby");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByText("2 rooms", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    expect(await focused(page)).toBe("Find a room …");
    expect(browser.errors).toEqual([]);
  });

  test("it can be used on a telephone: the lists come when they are called", async () => {
    const { port, url } = startChat();
    const browser = await startBrowser({ width: 360, height: 640 });
    const page = await browser.open(url);
    await picture(page, "chat-phone-enter");
    expect((await widths(page))[0]).toBeLessThanOrEqual(360);
    await page.getByLabel("Your nickname").fill("anna");
    await page.keyboard.press("Enter");
    await page.getByText("Connected as anna", { exact: true }).waitFor();
    await talk(port, page);
    await picture(page, "chat-phone");
    expect((await widths(page))[0]).toBeLessThanOrEqual(360);
    await page.getByRole("button", { name: "Rooms 1" }).click();
    await picture(page, "chat-phone-rooms");
    await page.getByRole("navigation").getByRole("button", { name: "irene, 1 unread" }).click();
    await page.getByText("psst, one more thing …").waitFor();
    expect(await page.getByRole("navigation").isVisible()).toBe(false);
    await page.getByRole("button", { name: "Rooms" }).click();
    await page.keyboard.press("Escape");
    expect(await focused(page)).toContain("Rooms");
    await page.keyboard.press("Enter");
    await page.getByRole("navigation").getByRole("button", { name: "#lobby" }).click();
    await page.getByRole("button", { name: "People 9" }).click();
    await picture(page, "chat-phone-people");
    await page.getByRole("complementary").getByRole("button", { name: "bob" }).click();
    await page.getByRole("heading", { name: "bob" }).waitFor();
    expect((await widths(page))[0]).toBeLessThanOrEqual(360);
    expect(browser.errors).toEqual([]);
  });

  test.each(["light", "dark"] as const)("every text can be read in %s colours", async (scheme) => {
    const { port, url } = startChat();
    const browser = await startBrowser({ colorScheme: scheme });
    const page = await browser.open(url);
    await picture(page, `chat-enter-${scheme}`);
    expect(await page.evaluate<string[]>(CONTRAST)).toEqual([]);
    await page.getByLabel("Your nickname").fill("anna");
    await page.keyboard.press("Enter");
    await page.getByText("Connected as anna", { exact: true }).waitFor();
    await page.emulateMedia({ reducedMotion: "reduce", colorScheme: scheme });
    await talk(port, page);
    await say(page, "/nonsense");
    await say(page, "/join #");
    await picture(page, `chat-${scheme}`);
    expect(await page.evaluate<string[]>(CONTRAST)).toEqual([]);
    expect(browser.errors).toEqual([]);
  });

  test("what is read aloud has names and roles", async () => {
    const { port, url } = startChat();
    const browser = await startBrowser();
    const page = await enter(browser, url, "anna");
    const irene = await IrcClient.enter(port, "irene");
    irene.send("PRIVMSG #lobby :hello");
    await page.getByText("hello", { exact: true }).waitFor();
    const snapshot = await page.locator("body").ariaSnapshot();
    for (const part of [
      ...['heading "socket-reactor chat" [level=1]', "status: Connected as anna"],
      ...['navigation "Rooms and conversations"', 'button "#lobby"', 'region "#lobby"'],
      ...['log "Messages in #lobby"', 'textbox "Message"', 'complementary "Here 2"'],
      ...['button "anna, operator, you" [disabled]', 'button "irene"'],
    ]) {
      expect(snapshot).toContain(part);
    }
    const log = page.getByRole("log");
    expect(await log.getAttribute("aria-live")).toBe("polite");
    const quiet = page.locator(".presence-line").first();
    expect(await quiet.getAttribute("aria-live")).toBe("off");
  });

  test("nothing moves for who does not want it, and who has scrolled up is left there", async () => {
    const { port, url } = startChat();
    const browser = await startBrowser({ height: 400 });
    const page = await enter(browser, url, "anna");
    await page.emulateMedia({ reducedMotion: "reduce" });
    const irene = await IrcClient.enter(port, "irene");
    for (let i = 0; i < 50; i++) irene.send(`PRIVMSG #lobby :line ${i}`);
    await page.getByText("line 49", { exact: true }).waitFor();
    const moving = "[...document.querySelectorAll('.fresh')].some((e) => e.getAnimations().length)";
    expect(await page.evaluate(moving)).toBe(false);
    const top = () => page.evaluate<number>("document.getElementById('log').scrollTop");
    const bottom = await top();
    expect(bottom).toBeGreaterThan(0);
    await page.keyboard.press("PageUp");
    await expect.poll(top).toBeLessThan(bottom);
    const left = await top();
    irene.send("PRIVMSG #lobby :news");
    await page.getByRole("button", { name: "New messages" }).waitFor();
    expect(await top()).toBe(left);
    await page.getByRole("button", { name: "New messages" }).click();
    await expect.poll(top).toBeGreaterThan(bottom);
    expect(await page.getByRole("button", { name: "New messages" }).isVisible()).toBe(false);
  });
});
