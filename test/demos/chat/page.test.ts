/** The chat's page in a browser, with others who talk: pages, and a client of IRC. */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { missing, picture, startBrowser } from "../chromium.js";
import { named } from "../http/outside-tool.js";
import { enter, IrcClient, say, startChat } from "./page-browser.js";

const said = (page: Page, text: string) =>
  page.getByRole("log").locator(".said").getByText(text, { exact: true });

const roomButton = (page: Page, name: string) =>
  page.getByRole("navigation").getByRole("button", { name });

describe.skipIf(missing)(named("the chat's page in Chromium", missing), { timeout: 60_000 }, () => {
  test("two pages and a client of IRC talk in one room", async () => {
    const { port, url } = startChat();
    const browser = await startBrowser();
    const anna = await enter(browser, url, "anna");
    const irene = await IrcClient.enter(port, "irene");
    const bob = await enter(browser, url, "bob");

    await say(anna, "hello from a page");
    await irene.hears(/^:anna!\S+ PRIVMSG #lobby :hello from a page$/);
    await said(bob, "hello from a page").waitFor();
    await said(anna, "hello from a page").waitFor();

    irene.send("PRIVMSG #lobby :hello from a socket", "PRIVMSG #lobby :\x01ACTION waves\x01");
    for (const page of [anna, bob]) {
      await said(page, "hello from a socket").waitFor();
      await page.getByRole("log").getByText("* irene waves").waitFor();
    }
    await say(bob, "/me waves back");
    await irene.hears(/ACTION waves back/);

    const people = anna.getByRole("complementary").getByRole("button");
    expect(await people.allTextContents()).toEqual(["@anna", "bob", "irene"]);
    irene.send("NICK rené", "PART #lobby :supper");
    await anna.getByText("irene is now rené · rené left: supper").waitFor();
    expect(await people.allTextContents()).toEqual(["@anna", "bob"]);
    await bob.close();
    await expect.poll(() => people.allTextContents()).toEqual(["@anna"]);
    expect(browser.errors).toEqual([]);
  });

  test("who comes later sees what was said, with its times and the topic", async () => {
    const { port, url } = startChat();
    const irene = await IrcClient.enter(port, "irene");
    irene.send("TOPIC #lobby :sockets, and \x02readiness\x02");
    for (let i = 1; i <= 3; i++) irene.send(`PRIVMSG #lobby :line ${i}`);
    irene.send("PING done");
    await irene.hears(/PONG/);
    const heardAt = Date.now();
    const browser = await startBrowser();
    const page = await enter(browser, url, "anna");
    await said(page, "line 3").waitFor();
    const texts = await page.getByRole("log").locator(".said").allTextContents();
    expect(texts).toEqual(["line 1", "line 2", "line 3", "You have joined"]);
    const time = page.getByRole("log").locator("time").first();
    expect(Date.parse((await time.getAttribute("datetime")) ?? "")).toBeLessThanOrEqual(heardAt);
    await page.getByText("sockets, and readiness", { exact: true }).waitFor();
    expect(browser.errors).toEqual([]);
  });

  test("the page works below a prefix, too", async () => {
    const { url } = startChat({ webPrefix: "/chat/" });
    const browser = await startBrowser();
    const page = await enter(browser, `${url}chat/`, "anna");
    await page.getByText("You have joined").waitFor();
    expect(new URL(page.url()).pathname).toBe("/chat/");
    expect(browser.errors).toEqual([]);
  });

  test("private conversations and other rooms are counted until they are looked at", async () => {
    const { port, url } = startChat();
    const browser = await startBrowser();
    const page = await enter(browser, url, "anna");
    const irene = await IrcClient.enter(port, "irene");
    await say(page, "/join #other");
    await page.getByRole("heading", { name: "#other" }).waitFor();
    irene.send("PRIVMSG anna :psst", "PRIVMSG anna :it is me", "PRIVMSG #lobby :nobody looks");
    await roomButton(page, "irene, 2 unread").waitFor();
    await roomButton(page, "#lobby, 1 unread").waitFor();
    expect(await page.title()).toBe("(3) #other – socket-reactor chat");
    await roomButton(page, "irene, 2 unread").click();
    await said(page, "it is me").waitFor();
    await say(page, "I thought so");
    await irene.hears(/PRIVMSG irene :I thought so/);
    await said(page, "I thought so").waitFor();
    await roomButton(page, "#lobby, 1 unread").click();
    await page.getByText("New", { exact: true }).waitFor();
    await page.getByRole("complementary").getByRole("button", { name: "irene" }).click();
    await page.getByRole("heading", { name: "irene" }).waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    expect(await roomButton(page, "irene").count()).toBe(0);
    expect(browser.errors).toEqual([]);
  });

  test("a room is chosen by the address, from the list, or made", async () => {
    const { port, url } = startChat();
    const irene = await IrcClient.enter(port, "irene", "#täglich");
    irene.send("TOPIC #täglich :every day");
    const browser = await startBrowser();
    const page = await enter(browser, `${url}#zwölf`, "anna");
    await page.getByRole("heading", { name: "#zwölf" }).waitFor();
    await page.getByRole("button", { name: "Find a room …" }).click();
    await page.getByText("2 rooms", { exact: true }).waitFor();
    await page.getByLabel("Its name").fill("tä");
    await picture(page, "chat-browser");
    await page.getByRole("button", { name: "#täglich" }).click();
    await irene.hears(/:anna!\S+ JOIN/);
    await page.getByRole("heading", { name: "#täglich" }).waitFor();
    expect(decodeURIComponent(new URL(page.url()).hash)).toBe("#täglich");
    await page.getByRole("button", { name: "Find a room …" }).click();
    await page.getByLabel("Its name").fill("brand new");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "#brand-new" }).waitFor();
    await page.evaluate("location.hash = '#from-a-link'");
    await page.getByRole("heading", { name: "#from-a-link" }).waitFor();
    await page.getByRole("button", { name: "Leave" }).click();
    await expect.poll(() => roomButton(page, "#from-a-link").count()).toBe(0);
    expect(browser.errors).toEqual([]);
  });

  test("what is wrong is said where it belongs", async () => {
    const { port, url } = startChat();
    const irene = await IrcClient.enter(port, "irene", "#closed");
    irene.send("MODE #closed +i", "PING x");
    await irene.hears(/PONG/);
    const browser = await startBrowser();
    const page = await enter(browser, url, "anna");
    await say(page, "/join #closed");
    await page.getByRole("log").getByText("#closed: Cannot join channel").waitFor();
    await say(page, "/nick irene");
    await page.getByRole("log").getByText("irene: Nickname is already in use").waitFor();
    await say(page, "/msg nobody hello");
    await page.getByRole("heading", { name: "nobody" }).waitFor();
    await page.getByRole("log").getByText("nobody: No such nick").waitFor();
    await say(page, "/nonsense");
    await page.getByRole("alert").getByText("There is no /nonsense").waitFor();
    expect(await page.getByLabel("Message", { exact: true }).inputValue()).toBe("/nonsense");
    await say(page, "/help");
    await page.getByRole("log").getByText("/me waves: says what you do").waitFor();
  });
});
