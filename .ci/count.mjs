/** Prints "N passed, N failed" from vitest's JSON report, as the last line of the CI run. */
import { readFileSync } from "node:fs";

const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
  readFileSync(process.argv[2], "utf8"),
);
// A file that fails to load has no tests of its own to count.
const brokenFiles = testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && !assertionResults.some((test) => test.status === "failed"),
);
for (const { name, message } of brokenFiles) console.error(`${name}: ${message}`);
const failed = numFailedTests + brokenFiles.length;
const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : "";
console.log(`${numPassedTests} passed, ${failed} failed${skipped}`);
process.exit(failed > 0 || numPassedTests === 0 ? 1 : 0);
