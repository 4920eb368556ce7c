/**
 * Adds up what vitest's JSON reports say, names the tests that were skipped, and ends with one line: `N passed, N failed`.
 * The exit code is 1 if anything failed, a report is missing, or nothing ran.
 */
import { existsSync, readFileSync } from 'node:fs';

interface Report {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  testResults: { status: string; assertionResults: { status: string; fullName: string }[] }[];
}

const files = process.argv.slice(2);
const reports = files.filter((file) => existsSync(file)).map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
const results = reports.flatMap((report) => report.testResults);
const count = (status: string): number => results.flatMap((file) => file.assertionResults).filter((test) => test.status === status).length;
// A file that could not even be loaded has no tests that could have failed.
const unloaded = results.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')).length;
const passed = count('passed');
const failed = count('failed') + unloaded;

for (const test of results.flatMap((file) => file.assertionResults).filter(({ status }) => status === 'skipped' || status === 'pending' || status === 'todo')) console.log(`skipped: ${test.fullName}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 && reports.length === files.length && reports.every((report) => report.success) ? 0 : 1;
