'use strict';

// What the global set-up of a test run hands to its workers, by way of the environment.
const SERVER_URL = 'BACKSTORY_TEST_SERVER_URL';
const SERVER_VERSION = 'BACKSTORY_TEST_SERVER_VERSION';
const RUN_ID = 'BACKSTORY_TEST_RUN';

/** @returns {string | undefined} */
function serverUrlOfRun() {
  return process.env[SERVER_URL] || process.env.DATABASE_URL || undefined;
}

/** @type {typeof import('./index.cjs').majorVersionOfRun} */
function majorVersionOfRun() {
  return Number.parseInt(process.env[SERVER_VERSION] ?? '', 10);
}

/** Part of the name of every database of this run, so that the run can find those that were left behind. */
function databasePrefix() {
  return `backstory_test_${process.env[RUN_ID] ?? process.pid.toString(36)}_`;
}

/** @param {string} serverUrl @param {string} version */
function beginTestRun(serverUrl, version) {
  process.env[SERVER_URL] = serverUrl;
  process.env[SERVER_VERSION] = version;
  process.env[RUN_ID] = `${Date.now().toString(36)}${process.pid.toString(36)}`;
}

function endTestRun() {
  delete process.env[SERVER_URL];
  delete process.env[SERVER_VERSION];
  delete process.env[RUN_ID];
}

module.exports = { serverUrlOfRun, majorVersionOfRun, databasePrefix, beginTestRun, endTestRun };
