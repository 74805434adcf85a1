/** The chat's page and its nickname, its connection that is lost, and a reload. */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { missing, picture, startBrowser } from "../chromium.js";
import { named } from "../http/outside-tool.js";
import { enter, IrcClient, say, startChat, startRelay } from "./page-browser.js";

const texts = (page: Page) => page.getByRole("log").locator(".said").allTextContents();

describe.skipIf(missing)(named("the page that stays", missing), { timeout: 60_000 }, () => {
  test("a nickname that is taken is told, and another offered", async () => {
    const { port, url } = startChat();
    const irene = await IrcClient.enter(port, "irene");
    const browser = await startBrowser();
    const page = await browser.open(url);
    await page.getByLabel("Your nickname").fill("irene");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("“irene” cannot be had").waitFor();
    expect(await page.getByLabel("Your nickname").inputValue()).toBe("irene_");
    await picture(page, "chat-taken");
    await page.keyboard.press("Enter");
    await page.getByText("Connected as irene_", { exact: true }).waitFor();
    await irene.hears(/:irene_!\S+ JOIN/);
    await say(page, "/nick ирина");
    await irene.hears(/NICK :?ирина$/);
    await page.getByText("Connected as ирина", { exact: true }).waitFor();
    const later = await browser.open(url);
    expect(await later.getByLabel("Your nickname").inputValue()).toBe("ирина");
    expect(browser.errors).toEqual([]);
  });

  test("who thinks it over for too long loses the connection, not what was typed", async () => {
    const { port, url } = startChat({ limits: { registrationMs: 4000 } });
    await IrcClient.enter(port, "irene");
    const browser = await startBrowser();
    const page = await browser.open(url);
    await page.getByLabel("Your nickname").fill("irene");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("cannot be had").waitFor();
    await page.getByLabel("Your nickname").fill("anna");
    await page.getByText("Not connected", { exact: true }).waitFor();
    expect(await page.getByLabel("Your nickname").inputValue()).toBe("anna");
    await page.keyboard.press("Enter");
    await page.getByText("Connected as anna", { exact: true }).waitFor();
  });

  test("a long nickname of rare letters that is taken is not cut within a letter", async () => {
    const { port, url } = startChat();
    const nick = "\u{20000}".repeat(15); // 30 units of UTF-16
    await IrcClient.enter(port, nick);
    const browser = await startBrowser();
    const page = await browser.open(url);
    await page.getByLabel("Your nickname").fill(nick);
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("cannot be had").waitFor();
    const offered = await page.getByLabel("Your nickname").inputValue();
    expect(offered).toMatch(/^\u{20000}+_$/u);
  });

  test("the room of the address is the one that is entered, if it changes before", async () => {
    const browser = await startBrowser();
    const page = await browser.open(`${startChat().url}#first`);
    await page.getByRole("button", { name: "Join #first" }).waitFor();
    await page.evaluate("location.hash = '#second'");
    await page.getByRole("button", { name: "Join #second" }).waitFor();
    await page.getByLabel("Your nickname").fill("anna");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "#second" }).waitFor();
    await page.getByText("You have joined").waitFor();
    const rooms = page.getByRole("navigation").getByRole("listitem");
    expect(await rooms.allTextContents()).toEqual(["#second", "Server"]);
  });

  test("a nickname that is none is refused, by the page or by the server", async () => {
    const browser = await startBrowser();
    const page = await browser.open(startChat().url);
    await page.getByLabel("Your nickname").fill("two words");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("one word").waitFor();
    await page.getByLabel("Your nickname").fill("<b>");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("“<b>” cannot be had").waitFor();
  });

  test("the page comes back to a server that comes back, and nothing is shown twice", async () => {
    const first = startChat();
    const browser = await startBrowser();
    const page = await enter(browser, first.url, "anna");
    await say(page, "/join #other");
    await page.getByRole("heading", { name: "#other" }).waitFor();
    await say(page, "before");
    await page.getByRole("log").getByText("before", { exact: true }).waitFor();
    await first.stop();
    await page.getByRole("button", { name: "Now" }).waitFor();
    await page.getByText("trying again").waitFor();
    await picture(page, "chat-lost");
    await page.getByRole("button", { name: "#lobby, not in it" }).waitFor();
    await page.getByRole("heading", { name: "Here", exact: true }).waitFor();
    await say(page, "is anybody there?");
    await page.getByRole("alert").getByText("Not connected").waitFor();

    const second = startChat({}, { webPort: first.webPort });
    await page.getByText("Connected as anna", { exact: true }).waitFor();
    const irene = await IrcClient.enter(second.port, "irene", "#other,#lobby");
    irene.send("PRIVMSG #other :welcome back", "NAMES #lobby");
    expect(await irene.hears(/ 353 .*#lobby/)).toContain("anna");
    await page.getByRole("log").getByText("welcome back").waitFor();
    expect(await texts(page)).toEqual([
      ...["You have joined", "before", "The connection is lost", "You are back", "welcome back"],
    ]);
    expect(await page.getByLabel("Message", { exact: true }).inputValue()).toBe(
      "is anybody there?",
    );
    await page.keyboard.press("Enter");
    await irene.hears(/:is anybody there\?$/);
  });

  test("who comes back before its ghost has gone misses nothing, and gets its name again", async () => {
    const { port, webPort } = startChat();
    const relay = await startRelay(webPort);
    const browser = await startBrowser();
    const page = await enter(browser, relay.url, "anna");
    const irene = await IrcClient.enter(port, "irene");
    irene.send("PRIVMSG #lobby :heard");
    await page.getByText("heard", { exact: true }).waitFor();
    relay.loseClients(); // the server does not know
    await page.getByText("The connection is lost").waitFor();
    irene.send("PRIVMSG #lobby :missed", "PRIVMSG #lobby :missed");
    await page.getByText("Connected as anna_", { exact: true }).waitFor();
    await page.getByText("anna is still taken").waitFor();
    await page.getByText("You are back").waitFor();
    expect(await texts(page)).toEqual([
      ...["You have joined", "heard", "The connection is lost"],
      ...["anna is still taken, so you are anna_ until it is free"],
      ...["missed", "missed", "You are back"],
    ]);
    relay.endGhosts();
    await page.getByText("Connected as anna", { exact: true }).waitFor();
    await irene.hears(/:anna_!\S+ NICK :?anna$/);
    expect(browser.errors).toEqual([]);
  });

  test("a reload comes back to the same rooms by itself", async () => {
    const { url } = startChat();
    const browser = await startBrowser();
    const page = await enter(browser, url, "anna");
    await say(page, "/join #other");
    await page.getByRole("heading", { name: "#other" }).waitFor();
    await say(page, "still here");
    await page.getByRole("log").getByText("still here").waitFor();
    await page.reload();
    await page.getByText(/^Connected as anna_?$/).waitFor();
    await page.getByText("Connected as anna", { exact: true }).waitFor(); // the ghost has gone
    await page.getByRole("heading", { name: "#other" }).waitFor();
    await page.getByRole("navigation").getByRole("button", { name: "#lobby" }).waitFor();
    await say(page, "/quit");
    await page.getByText("Not connected", { exact: true }).waitFor();
    await page.reload();
    await page.getByLabel("Your nickname").waitFor();
    expect(await page.getByText("Connected as").count()).toBe(0);
    expect(browser.errors).toEqual([]);
  });
});
