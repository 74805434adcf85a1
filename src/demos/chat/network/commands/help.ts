/** HELP: the commands, or one of them. */
import type { Client } from "../client.js";
import { packWords } from "../text.js";
import { HELP_TEXTS } from "./help-texts.js";

const COLUMNS = 60;

export function help(client: Client, [subject = ""]: readonly string[]): void {
  const wanted = subject.toUpperCase();
  if (wanted === "") {
    sendHelp(client, "*", [
      "HELP command explains one of these:",
      ...packWords(Object.keys(HELP_TEXTS), COLUMNS),
      "End of HELP",
    ]);
    return;
  }
  const texts = Object.hasOwn(HELP_TEXTS, wanted) ? HELP_TEXTS[wanted] : undefined;
  if (texts === undefined) client.reply("ERR_HELPNOTFOUND", subject);
  else sendHelp(client, wanted, texts);
}

function sendHelp(client: Client, subject: string, lines: readonly string[]): void {
  const last = lines.length - 1;
  for (const [index, line] of lines.entries()) {
    const numeric = index === 0 ? "RPL_HELPSTART" : index < last ? "RPL_HELPTXT" : "RPL_ENDOFHELP";
    client.reply(numeric, subject, line);
  }
}
