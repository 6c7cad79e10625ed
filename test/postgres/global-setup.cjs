'use strict';

const { describeServer, startPostgres } = require('./index.cjs');
const { beginTestRun } = require('./test-run.cjs');

/** Once per test run that has at least one test with a database, before its workers start. */
module.exports = async function globalSetup() {
  const server = await startPostgres();
  const { version, url } = await describeServer(server.url);
  process.stderr.write(`PostgreSQL ${version} at ${url} (${server.started ? 'embedded' : 'DATABASE_URL'})\n`);
  beginTestRun(server.url, version);
  Object.assign(globalThis, { backstoryTestServer: server });
};
