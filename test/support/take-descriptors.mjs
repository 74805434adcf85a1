// Imported into a program before its own modules (see fd-limit.ts): on SIGUSR2 every descriptor
// number from TAKE_DESCRIPTORS_FROM up to the process's limit is taken, and descriptor 3 is told.
import { closeSync, openSync, writeSync } from "node:fs";

const ANSWER_FD = 3;

process.once("SIGUSR2", () => {
  const first = Number(process.env.TAKE_DESCRIPTORS_FROM);
  const below = [];
  try {
    for (;;) {
      const fd = openSync("/dev/null", "r");
      if (fd < first) below.push(fd);
    }
  } catch (error) {
    for (const fd of below) closeSync(fd);
    writeSync(ANSWER_FD, error.code === "EMFILE" ? "taken\n" : `${error}\n`);
  }
});
