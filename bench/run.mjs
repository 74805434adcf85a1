// `npm run bench -- <suite>`: the entry. It reads the command line, runs the suite, and exits
// with 1 for a wrong command line or a run with invalid figures.
import { formatHelp, parseArguments, UsageError } from "./arguments.mjs";
import { chatSuite } from "./chat.mjs";
import { killChildrenOnExit } from "./children.mjs";
import { dispatchSuite } from "./dispatch.mjs";
import { echoSuite } from "./echo-suite.mjs";
import { httpSuite } from "./http-suite.mjs";
import { memorySuite } from "./memory.mjs";
import { microSuite } from "./micro.mjs";
import { modelsSuite } from "./models.mjs";
import { newcomersSuite } from "./newcomers.mjs";
import { checkWritable } from "./output.mjs";

/** A new suite is one entry here. */
const suites = {
  echo: echoSuite,
  http: httpSuite,
  newcomers: newcomersSuite,
  models: modelsSuite,
  chat: chatSuite,
  memory: memorySuite,
  micro: microSuite,
  dispatch: dispatchSuite,
};

async function main() {
  const options = parseArguments(process.argv.slice(2), suites);
  if (options === "help") return console.log(formatHelp(suites));
  const suite = suites[options.suite];
  for (const [name, { kind }] of Object.entries(suite.options)) {
    if (kind === "file") checkWritable(options[name]);
  }
  killChildrenOnExit();
  const isValid = await suite.run(options);
  process.exitCode = isValid ? 0 : 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\nTry: npm run bench -- --help`);
  process.exitCode = 1;
}
