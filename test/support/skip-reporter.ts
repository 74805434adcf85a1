/** Prints every test that was skipped, by its whole name, so that no check is left out in silence. */
import type { Reporter, TestModule } from "vitest/node";

export class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].map((test) => {
        const { note } = test.result() as { note?: string };
        return `  ${module.relativeModuleId} > ${test.fullName}${note ? `: ${note}` : ""}`;
      }),
    );
    if (lines.length > 0)
      console.log(`\nSkipped, for the reason in the name:\n${lines.join("\n")}`);
  }
}
