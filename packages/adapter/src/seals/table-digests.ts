import { quoteIdentifier } from '../database/index.js';
import { otherDigest } from './other-digest.js';
import type { DigestStore, SealDigest } from './seal-digest.js';

/** A TypeORM DataSource, a pool or a client of `pg`, of the database that keeps the digests. */
export interface DigestDatabase {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/**
 * Digests as rows of a table that belongs to somebody else, such as in another database:
 * `create table digests (block bigint primary key, hash text not null, digest json not null)`, with the rights to SELECT and INSERT.
 * @param table as `digests` or `audit.digests`
 * @example const digest = tableDigests(otherDataSource, 'audit.digests');
 */
export function tableDigests(database: DigestDatabase, table: string): DigestStore {
  const name = table.split('.').map(quoteIdentifier).join('.');
  return {
    write: async (digest) => {
      await database.query(
        `insert into ${name} (block, hash, digest) values ($1, $2, $3) on conflict (block) do nothing`,
        [digest.block, digest.hash, JSON.stringify(digest)],
      );
      const [row] = rowsOf<{ hash: string }>(
        await database.query(`select hash from ${name} where block = $1`, [digest.block]),
      );
      if (row?.hash !== digest.hash) throw otherDigest(digest, row?.hash ?? 'none', table);
    },
    read: async () =>
      rowsOf<{ digest: string }>(
        await database.query(`select digest::text as digest from ${name} order by block`),
      ).map(({ digest }) => JSON.parse(digest) as SealDigest),
  };
}

/** TypeORM gives rows, pg a result that has them. */
function rowsOf<Row>(result: unknown): Row[] {
  return (Array.isArray(result) ? result : (result as { rows: unknown[] }).rows) as Row[];
}
