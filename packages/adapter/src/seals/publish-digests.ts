import { type Database, quoteIdentifier } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { readBlockHeaders } from './seal-block.js';
import { type DigestStore, digestOf } from './seal-digest.js';

/**
 * Writes the digests of blocks that aren't outside yet, in their order, and notes each when it is. Several processes take turns by
 * the row of the block.
 * @returns how many
 * @throws BackstoryError DIGEST_NOT_WRITTEN: what wasn't written is tried again by the next call
 */
export async function publishDigests(
  database: Database,
  schema: string,
  store: DigestStore,
): Promise<number> {
  for (let written = 0; ; written++) {
    const found = await database.transaction(async (sql) => {
      const pending = 'where published_at is null order by number limit 1';
      const [block] = await readBlockHeaders(sql, schema, `${pending} for update`);
      // nothing, or somebody else has written it while this waited for the row
      if (!block) return (await readBlockHeaders(sql, schema, pending)).length > 0 ? 'again' : 'none';
      const digest = digestOf(block, schema);
      await store.write(digest).catch((error: unknown) => {
        if (BackstoryError.is(error)) throw error;
        throw new BackstoryError(
          'DIGEST_NOT_WRITTEN',
          `The digest of block ${block.number} (up to position ${block.to}) could not be written: ${(error as Error).message}.`,
          'Nothing is lost: the next run writes it, and those behind it.',
          { cause: error },
        );
      });
      await sql.execute(
        `update ${quoteIdentifier(schema)}.seal_blocks set published_at = clock_timestamp() where number = $1`,
        [block.number],
      );
      return 'written';
    });
    if (found === 'none') return written;
    if (found === 'again') written--;
  }
}
