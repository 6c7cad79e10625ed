'use strict';

const { startEmbeddedServer } = require('./embedded-server.cjs');
const { describeServer } = require('./describe-server.cjs');
const { createTestDatabase } = require('./test-database.cjs');
const { majorVersionOfRun, serverUrlOfRun } = require('./test-run.cjs');

/** @type {typeof import('./index.cjs').startPostgres} */
async function startPostgres(options = {}) {
  const running = serverUrlOfRun();
  if (running) return { url: running, started: false, stop: async () => {} };
  return startEmbeddedServer(options.settings);
}

module.exports = {
  startPostgres,
  startEmbeddedServer,
  createTestDatabase,
  describeServer,
  majorVersionOfRun,
};
