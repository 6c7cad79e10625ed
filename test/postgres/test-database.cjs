'use strict';

const { randomBytes } = require('node:crypto');
const { Client } = require('pg');
const { databasePrefix, serverUrlOfRun } = require('./test-run.cjs');

/** @type {typeof import('./index.cjs').createTestDatabase} */
async function createTestDatabase({ serverUrl = serverUrlOfRun(), encoding = 'UTF8' } = {}) {
  if (!serverUrl) {
    throw new Error(
      'There is no PostgreSQL server to create a test database on. Run the test through a jest project with the ' +
        'global set-up of test/postgres, set DATABASE_URL, or pass the url that startPostgres() returned.',
    );
  }
  const server = serverUrl;
  const name = `${databasePrefix()}${randomBytes(5).toString('hex')}`;
  // template0: nobody can be connected to it, so that databases can be created side by side.
  await onServer(server, async (client) => {
    await client.query(
      `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' ${await localeFor(client, encoding)}`,
    );
    // The planner takes 100 keys for granted in each JSON, and compiles the tests' own questions for longer than they take.
    await client.query(`ALTER DATABASE ${name} SET jit = off`);
  });
  return { url: urlOfDatabase(server, name), name, drop: () => dropDatabase(server, name) };
}

/** The server's own locale may be for UTF-8 only; C goes with every encoding.
 * @param {import('pg').Client} client @param {string} encoding */
async function localeFor(client, encoding) {
  if (encoding === 'UTF8') return '';
  const { rows } = await client.query('SHOW server_version_num');
  return `${rows[0].server_version_num >= 150_000 ? 'LOCALE_PROVIDER libc ' : ''}LOCALE 'C'`;
}

/** @param {string} serverUrl */
async function dropDatabasesOfRun(serverUrl) {
  const { rows } = await onServer(serverUrl, (client) =>
    client.query('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [databasePrefix()]),
  );
  for (const { datname } of rows) await dropDatabase(serverUrl, datname);
}

/** @param {string} serverUrl @param {string} name */
async function dropDatabase(serverUrl, name) {
  await rollBackPreparedTransactions(serverUrl, name);
  await onServer(serverUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
}

/** `WITH (FORCE)` ends connections, not prepared transactions; and only their own database can roll those back.
 * @param {string} serverUrl @param {string} name */
async function rollBackPreparedTransactions(serverUrl, name) {
  const { rows } = await onServer(serverUrl, (client) =>
    client.query('SELECT gid FROM pg_prepared_xacts WHERE database = $1', [name]),
  );
  if (rows.length === 0) return;
  await onServer(urlOfDatabase(serverUrl, name), async (client) => {
    for (const { gid } of rows) await client.query(`ROLLBACK PREPARED ${client.escapeLiteral(gid)}`);
  });
}

/**
 * @template T
 * @param {string} url
 * @param {(client: import('pg').Client) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function onServer(url, work) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** @param {string} serverUrl @param {string} name */
function urlOfDatabase(serverUrl, name) {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

module.exports = { createTestDatabase, dropDatabasesOfRun };
