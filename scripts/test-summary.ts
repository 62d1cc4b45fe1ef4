import type { Reporter, TestModule, TestSuite } from "vitest/node";

/** What a test run adds up to. */
export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The closing line, alone on a line and without colour, so that a machine can read it. */
export function summaryLine(counts: TestCounts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}

/** Adds up tests; a file or suite that fails outside its tests counts as one failed test each. */
export function countTests(modules: readonly TestModule[], unhandledErrors: number): TestCounts {
  const counts: TestCounts = { passed: 0, failed: unhandledErrors, skipped: 0 };
  for (const module of modules) {
    counts.failed += module.errors().length > 0 ? 1 : 0;
    for (const suite of module.children.allSuites()) counts.failed += hasOwnError(suite) ? 1 : 0;
    for (const test of module.children.allTests()) {
      const state = test.result().state;
      // A test still pending at the end was cut off before it could answer.
      counts[state === "pending" ? "failed" : state] += 1;
    }
  }
  return counts;
}

function hasOwnError(suite: TestSuite): boolean {
  return suite.errors().length > 0;
}

/** A vitest reporter that ends the output with `N passed, N failed, N skipped`. */
export default function testSummaryReporter(): Reporter {
  // Until a run ends there is nothing to vouch for: a crash before that is a failure.
  let counts: TestCounts = { passed: 0, failed: 1, skipped: 0 };
  return {
    onInit() {
      // Other reporters write at the end of the run too; the exit event comes after all of them.
      process.once("exit", () => process.stdout.write(`${summaryLine(counts)}\n`));
    },
    onTestRunEnd(modules, unhandledErrors, reason) {
      counts = countTests(modules, unhandledErrors.length);
      if (reason !== "passed" && counts.failed === 0) counts.failed = 1;
    },
  };
}
