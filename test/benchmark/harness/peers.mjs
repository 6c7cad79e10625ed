import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const folder = path.join(import.meta.dirname, '../peers');

/**
 * @typedef {object} Peers
 * @property {AuditPackage} auditPackage
 * @property {{ open(url: string, options?: { beforeCommit?: (data: object) => Promise<void> }): Promise<EmmettStore> }} emmett
 * @property {Record<string, string>} versions by package
 */

/**
 * A TypeORM audit package, as `DataSource` options.
 * @typedef {object} AuditPackage
 * @property {Function[]} entities
 * @property {Function[]} subscribers
 * @property {string} table
 * @property {string} usable condition of the rows that say of which row they are the history
 */

/** @typedef {{ type: string, data: object }} NewEvent */
/** @typedef {{ streamId: string, streamPosition: number }} Delivered */

/**
 * @typedef {object} EmmettStore
 * @property {(stream: string, events: NewEvent[]) => Promise<bigint>} append resolves with the position of the last event
 * @property {(stream: string) => Promise<unknown[]>} read
 * @property {(id: number) => Promise<unknown>} command puts one piece more of the article into stock
 * @property {(stream: string) => Promise<unknown>} load
 * @property {(handle: (event: Delivered) => void, pulling?: { batchSize?: number, pullingFrequencyInMs?: number }) =>
 *   { stop(): Promise<void> }} subscribe
 * @property {() => Promise<void>} close
 */

/**
 * What a user would pick instead of Backstory. It is installed when it is first asked for, from a lock of its own, so
 * that nobody else has to download it.
 * @returns {Promise<Peers>}
 */
export async function installedPeers() {
  if (!isInstalled()) await install();
  const [{ typeormHistory }, { emmett }] = await Promise.all([
    import(`${folder}/typeorm-history.mjs`),
    import(`${folder}/emmett.mjs`),
  ]);
  return { auditPackage: typeormHistory, emmett, versions: peerVersions() };
}

/** As package.json pins them. @returns {Record<string, string>} */
export function peerVersions() {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).dependencies;
}

function isInstalled() {
  const written = path.join(folder, 'node_modules/.package-lock.json');
  return (
    existsSync(written) &&
    statSync(written).mtimeMs >= statSync(path.join(folder, 'package-lock.json')).mtimeMs
  );
}

async function install() {
  process.stderr.write('  Installing the peers, once: test/benchmark/peers\n');
  try {
    await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
  } catch (cause) {
    throw new Error(
      'The packages that Backstory is compared with could not be installed. Run `npm ci` in test/benchmark/peers to ' +
        'see why, or leave them out with --skip-peers.',
      { cause },
    );
  }
}
