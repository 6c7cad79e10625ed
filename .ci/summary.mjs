// Prints "N passed, N failed" from jest's reports: node .ci/summary.mjs <exit status of the run> <folder>
// Exits with 1 when the reports contradict a run that looked good.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const [status, folder = '.'] = process.argv.slice(2);
const reports = readdirSync(folder).map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
/** @param {string} field */
const total = (field) => reports.reduce((sum, report) => sum + report[field], 0);

const passed = total('numPassedTests');
// A suite that does not even load has no tests to count, but it has failed.
let failed = total('numFailedTests') + total('numRuntimeErrorTestSuites');
// A step without tests, such as lint, counts as one failure when it stops the run.
if (status !== '0' && failed === 0) failed = 1;

console.log(`${passed} passed, ${failed} failed`);
if (failed > 0 || passed === 0) process.exit(1);
