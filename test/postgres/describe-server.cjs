'use strict';

const { Client } = require('pg');

const OLDEST_SUPPORTED = 13;

/** @type {typeof import('./index.cjs').describeServer} */
async function describeServer(url) {
  const printable = withoutPassword(url);
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query('SHOW server_version');
    const version = String(rows[0].server_version).split(' ')[0] ?? '';
    if (Number.parseInt(version, 10) < OLDEST_SUPPORTED) {
      throw new Error(`it runs PostgreSQL ${version}, and Backstory needs ${OLDEST_SUPPORTED} or newer`);
    }
    return { version, url: printable };
  } catch (error) {
    throw new Error(
      `The PostgreSQL server at ${printable} cannot be used: ${reason(error)}. ` +
        'Check DATABASE_URL, or unset it to have a server started for you.',
      { cause: error },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

/** @param {string} url */
function withoutPassword(url) {
  const printable = new URL(url);
  printable.password = '';
  return printable.href;
}

/** A connection refused on every address of a host has no message of its own, only a code.
 * @param {unknown} error */
function reason(error) {
  if (!(error instanceof Error)) return String(error);
  return error.message || /** @type {NodeJS.ErrnoException} */ (error).code || error.name;
}

module.exports = { describeServer };
