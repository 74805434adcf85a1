/** What the page makes of names and texts that mean it ill, and of too much of everything. */
import type { Page, WebSocketRoute } from "playwright-core";
import { describe, expect, test } from "vitest";
import { type Browser, missing, picture, startBrowser } from "../chromium.js";
import { named } from "../http/outside-tool.js";
import { enter, IrcClient, startChat } from "./page-browser.js";
import { loadModule } from "./page-modules.js";

const { LINES_MAX } = await loadModule<{ LINES_MAX: number }>("room");

/** Would say so in the title if it ran. */
const MARKUP = [
  "<img/src=x/onerror=document.title='ran'>",
  "<script>document.title='ran'</script>",
  "\"'><svg/onload=document.title='ran'>",
  "javascript:document.title='ran'",
  "&lt;b&gt; &amp;lt; {{7*7}}",
];

/** A server that says whatever the test wants, to a page whose files are ours. */
async function enterHostile(browser: Browser, url: string): Promise<[Page, WebSocketRoute]> {
  const page = await browser.open("about:blank");
  const opened = new Promise<WebSocketRoute>((resolve) => {
    page.routeWebSocket(/\/irc$/, (socket) => {
      socket.onMessage((line) => {
        const room = /^JOIN :(#\S+)/.exec(String(line))?.[1];
        if (room !== undefined) socket.send(`:anna!web@h JOIN ${room}`);
        if (String(line).startsWith("USER")) {
          socket.send(":s 001 anna :Welcome");
          socket.send(":s 422 anna :No MOTD");
          resolve(socket);
        }
      });
    });
  });
  await page.goto(url);
  await page.getByLabel("Your nickname").fill("anna");
  await page.keyboard.press("Enter");
  const socket = await opened;
  await page.getByText("You have joined").waitFor();
  return [page, socket];
}

describe.skipIf(missing)(named("a page among the hostile", missing), { timeout: 60_000 }, () => {
  test("markup is text, in whatever field of a line it stands", async () => {
    const browser = await startBrowser();
    const [page, server] = await enterHostile(browser, startChat().url);
    for (const text of MARKUP) {
      const nick = text.replaceAll(/[ !@]/g, "");
      server.send(`:${nick}!x@h JOIN #lobby`);
      server.send(`:s 332 anna #lobby :${text}`);
      server.send(`:${nick}!x@h PRIVMSG #lobby :${text}`);
      server.send(`:${nick}!x@h PRIVMSG #lobby :\x01ACTION ${text}\x01`);
      server.send(`:${nick}!x@h NOTICE #lobby :${text}`);
      server.send(`:${nick}!x@h PRIVMSG anna :${text}`);
      server.send(`:${nick}!x@h MODE #lobby +b ${nick}`);
      server.send(`:${nick}!x@h INVITE anna #${nick}`);
      server.send(`:s 401 anna ${nick} :${text}`);
      server.send(`:s 999 anna ${nick} :${text}`);
      server.send(`:s NOTICE anna :${text}`);
      server.send(`:anna!web@h JOIN #${nick}`);
      server.send(`:s 322 anna #${nick} 1 :${text}`);
    }
    server.send(":s 323 anna :End of LIST");
    await page.getByRole("button", { name: "Find a room …" }).click();
    server.send(`:s 322 anna #${MARKUP[0]} 1 :${MARKUP[1]}`);
    server.send(":s 323 anna :End of LIST");
    await page.getByText("1 room", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    const rooms = page.getByRole("navigation").getByRole("listitem").getByRole("button");
    const titles: string[] = [];
    for (const room of await rooms.all()) {
      await room.click();
      titles.push(await page.title());
      const strange = "main :is(img, script, svg, b, iframe, [onload], [onerror], [style])";
      expect(await page.locator(strange).count()).toBe(0);
    }
    expect(titles.some((title) => title === "ran")).toBe(false);
    await rooms.first().click();
    const log = await page.getByRole("log").textContent();
    for (const text of MARKUP) expect(log).toContain(text);
    const hrefs = await page.evaluate<string[]>(
      "[...document.links].map(({ protocol }) => protocol)",
    );
    expect(hrefs).toEqual([]);
    await picture(page, "chat-markup");
    expect(browser.errors).toEqual([]);
  });

  test("names and texts in any script stay in their place", async () => {
    const { port, url } = startChat();
    const browser = await startBrowser();
    const page = await enter(browser, url, "Ænne");
    const people = ["דנה", "عمر", "Λένα", "花子", "Zoë"];
    for (const [i, nick] of people.entries()) {
      const irc = await IrcClient.enter(port, nick);
      irc.send(
        `PRIVMSG #lobby :${["שלום!", "مرحبا (1)", "γειά σου", "こんにちは", "a\u202egnp.exe"][i]}`,
      );
      await page.getByRole("log").locator(".by bdi").getByText(nick, { exact: true }).waitFor();
    }
    for (const by of await page.locator(".by").all()) {
      const name = await by.locator("bdi").boundingBox();
      const time = await by.locator("time").boundingBox();
      expect((name?.x ?? 0) + (name?.width ?? 0)).toBeLessThanOrEqual(time?.x ?? 0);
    }
    await page.getByText("a\ufffdgnp.exe", { exact: true }).waitFor();
    await picture(page, "chat-scripts");
    expect(browser.errors).toEqual([]);
  });

  test("marks that are heaped on a letter stand over no other line", async () => {
    const { port, url } = startChat();
    const browser = await startBrowser();
    const page = await enter(browser, url, "anna");
    await page.emulateMedia({ reducedMotion: "reduce" });
    const mallory = await IrcClient.enter(port, `z${"\u0310\u0334".repeat(12)}`);
    const irene = await IrcClient.enter(port, "irene");
    irene.send("PRIVMSG #lobby :A quiet line");
    const quiet = page.locator(".said", { hasText: "A quiet line" });
    await quiet.waitFor();
    const before = await quiet.screenshot();
    mallory.send(`PRIVMSG #lobby :z${"\u0310\u0334".repeat(12)} heaped`);
    await page.getByText("heaped").waitFor();
    expect((await quiet.screenshot()).equals(before)).toBe(true);
    irene.send("PRIVMSG #lobby :Another quiet line");
    await page.getByText("Another quiet line").waitFor();
    await picture(page, "chat-heaped");
  });

  test("nothing makes a line wider than the page", async () => {
    const browser = await startBrowser({ width: 360, height: 640 });
    const [page, server] = await enterHostile(browser, startChat().url);
    const long = "W".repeat(400);
    server.send(`:${long}!x@h JOIN #lobby`);
    server.send(`:s 332 anna #lobby :${long}`);
    server.send(`:${long}!x@h PRIVMSG #lobby :${long} https://example.com/${long}`);
    server.send(
      `:bob!x@h PRIVMSG #lobby :a${"\u0301\u0323".repeat(100)} \ufdfd\ufdfd${"\u{12219}".repeat(40)}`,
    );
    server.send(`:s 401 anna ${long} :${long}`);
    server.send(`ERROR :${long}`);
    await page.getByText("\ufdfd").waitFor();
    await server.close();
    await page.getByRole("button", { name: "Now" }).waitFor();
    const [width, inner, logWidth, logInner] = await page.evaluate<number[]>(`(() => {
      const { scrollWidth, clientWidth } = document.getElementById("log");
      return [document.documentElement.scrollWidth, innerWidth, scrollWidth, clientWidth];
    })()`);
    expect(width).toBeLessThanOrEqual(inner as number);
    expect(logWidth).toBeLessThanOrEqual(logInner as number);
    await picture(page, "chat-long");
  });

  test("however much is said, the page does not grow", async () => {
    const { port, url } = startChat();
    const browser = await startBrowser();
    const page = await enter(browser, url, "anna");
    const irene = await IrcClient.enter(port, "irene");
    const bob = await IrcClient.enter(port, "bob");
    const count = (selector: string) => page.locator(selector).count();
    const fill = async (round: number): Promise<void> => {
      for (let i = 0; i < 1.5 * LINES_MAX; i++) {
        irene.send(`PRIVMSG #lobby :line ${round}.${i}`);
        if (i % 5 === 0) bob.send("PART #lobby :away", "JOIN #lobby", `PRIVMSG anna :spam ${i}`);
      }
      irene.send(`PRIVMSG #lobby :end of round ${round}`);
      await page.getByText(`end of round ${round}`, { exact: true }).waitFor();
    };
    await fill(1);
    const [lines, elements] = [await count("#log > *"), await count("*")];
    expect(lines).toBeGreaterThan(LINES_MAX / 2);
    expect(lines).toBeLessThanOrEqual(LINES_MAX);
    await fill(2);
    expect(await count("#log > *")).toBeLessThanOrEqual(LINES_MAX);
    expect(await count("*")).toBeLessThanOrEqual(elements * 1.5); // some lines are of more elements
    await picture(page, "chat-full");
    expect(browser.errors).toEqual([]);
  });
});
