import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { peerVersions } from './peers.mjs';

const require = createRequire(import.meta.url);
const settings = ['fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size'];

/**
 * Without these a figure means nothing.
 * @param {string} serverUrl
 * @param {number} seed
 * @returns {Promise<Record<string, string>>}
 */
export async function circumstances(serverUrl, seed) {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select current_setting('server_version') as version,
              string_agg(name || ' = ' || current_setting(name), ', ' order by name) as settings
       from unnest($1::text[]) name`,
      [settings],
    );
    const [processor] = os.cpus();
    return {
      date: new Date().toISOString(),
      command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
      seed: `${seed}`,
      machine: `${os.availableParallelism()} × ${processor?.model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}`,
      'load average': loadAverage(),
      versions: [
        `PostgreSQL ${rows[0].version}, Node.js ${process.versions.node}`,
        ...['@backstory/adapter', 'typeorm', 'pg'].map((name) => `${name} ${versionOf(name)}`),
        ...Object.entries(peerVersions())
          .filter(([name]) => name !== 'typeorm')
          .map(([name, version]) => `${name} ${version}`),
      ].join(', '),
      'server settings': rows[0].settings,
    };
  } finally {
    await client.end();
  }
}

/** Other work on the machine makes figures noisy. */
export function loadAverage() {
  return os
    .loadavg()
    .map((load) => load.toFixed(2))
    .join(' ');
}

/** TypeORM does not export its package.json, so it is looked up on the disk.
 * @param {string} name */
function versionOf(name) {
  const files = (require.resolve.paths(name) ?? []).map((folder) => path.join(folder, name, 'package.json'));
  const file = files.find((candidate) => existsSync(candidate));
  return file ? JSON.parse(readFileSync(file, 'utf8')).version : 'of unknown version';
}
