import { type Database, pinSettings, quoteTable, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { countRows } from './backfill-progress.js';
import { writeFirstEvents } from './first-events.js';

/** What a backfill of one category would come to. */
export interface BackfillEstimate {
  readonly category: string;
  readonly rows: number;
  /** First events to write: rows without a stream. */
  readonly events: number;
  /** On the disk, with indexes. */
  readonly bytes: number;
  /** With one worker and nothing to wait for. */
  readonly seconds: number;
  /** Why nothing of it was looked at, in words, such as that its table is gone; absent where it was. */
  readonly unseen?: string;
}

/** Of an aggregate that can't be looked at. */
export function notEstimated({ category, reason }: { category: string; reason: string }): BackfillEstimate {
  return { category, rows: 0, events: 0, bytes: 0, seconds: 0, unseen: reason };
}

const sampledRows = 5_000;
/** Of an event in the two indexes of the events table: measured by `npm run bench -- capture`. */
const indexBytes = 93;

class Undo extends Error {}

/**
 * Tries it with some rows and takes everything back: what is counted is what it would really be. Nothing is left but a gap
 * in the global positions, as after any rollback.
 */
export async function estimateBackfill(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  condition?: string,
): Promise<BackfillEstimate> {
  const rows = await countRows(database, mapping, condition);
  let sample = { looked: 0, events: 0, bytes: 0, ms: 0 };
  await database
    .transaction(async (sql) => {
      await sql.execute(`set local lock_timeout = '1s'`);
      await pinSettings(sql);
      sample = await trySome(sql, schema, mapping, Math.min(1, sampledRows / Math.max(1, rows)), condition);
      // no page of the table was drawn
      if (sample.looked === 0 && rows > 0) sample = await trySome(sql, schema, mapping, 1, condition);
      throw new Undo();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  const share = sample.looked === 0 ? 0 : sample.events / sample.looked;
  const each =
    sample.events === 0
      ? { bytes: 0, ms: 0 }
      : { bytes: sample.bytes / sample.events, ms: sample.ms / sample.events };
  const events = Math.round(rows * share);
  return {
    category: mapping.category,
    rows,
    events,
    bytes: Math.round(events * (each.bytes + indexBytes)),
    seconds: Math.ceil((events * each.ms) / 1000),
  };
}

async function trySome(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  share: number,
  condition: string | undefined,
): Promise<{ looked: number; events: number; bytes: number; ms: number }> {
  const begun = Date.now();
  const [found] = await sql.execute<{ looked: number; events: number; bytes: number }>(
    `with sample as materialized (
       -- pages from all over the table: an interrupted backfill has been at its beginning. The limit is for statistics that are old.
       select t.* from ${quoteTable(mapping.table)} t tablesample system (${100 * share})
       ${condition ? `where (${condition})` : ''} limit ${10 * sampledRows}
     ), ${writeFirstEvents(mapping, schema, 'sample t')}
     select (select count(*) from sample)::integer as looked, count(*)::integer as events, coalesce(sum(bytes + 4), 0)::float8 as bytes
     from written`,
  );
  return { ...(found as NonNullable<typeof found>), ms: Date.now() - begun };
}
