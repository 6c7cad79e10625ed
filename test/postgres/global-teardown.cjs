'use strict';

const { dropDatabasesOfRun } = require('./test-database.cjs');
const { endTestRun } = require('./test-run.cjs');

module.exports = async function globalTeardown() {
  const { backstoryTestServer: server } =
    /** @type {{ backstoryTestServer: import('./index.cjs').PostgresServer }} */ (
      /** @type {unknown} */ (globalThis)
    );
  if (!server.started) await dropDatabasesOfRun(server.url);
  endTestRun();
  await server.stop();
};
