import { readTopics } from '../appending/index.js';
import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping, RetainOptions } from '../mapping/index.js';
import { knownEpochs, type LogEpoch } from '../outbox/index.js';
import { readSealStatus, type SealStatus } from '../seals/index.js';

/** What is known of the log as a whole, beside its aggregates. */
export interface LogReport {
  /** Null where nothing is sealed, and for a role that may not look at seals. */
  readonly seals: SealStatus | null;
  /** Stretches behind a loss or a recovery, the newest first. None where the log is in its first. */
  readonly epochs: readonly LogEpoch[];
  /** Null where nothing is archived. */
  readonly archive: {
    /** PostgreSQL's estimate; null before the first ANALYZE. */
    readonly events: number | null;
    /** On the disk, with indexes. */
    readonly bytes: number;
  } | null;
  /** What this application erases of its aggregates when it is old, by category. */
  readonly retained: readonly ({ readonly category: string } & RetainOptions)[];
  /** Categories without a table. */
  readonly topics: readonly string[];
}

export async function readLog(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<LogReport> {
  const epochs = await knownEpochs(sql, schema);
  return {
    seals: await readSealStatus(sql, schema),
    epochs: [...epochs].reverse(),
    archive: await readArchive(sql, schema),
    retained: mappings.flatMap(({ knownAs, retain }) => (retain ? [{ category: knownAs, ...retain }] : [])),
    topics: await readTopics(sql, schema),
  };
}

async function readArchive(sql: SqlExecutor, schema: string): Promise<LogReport['archive']> {
  const [archive] = await sql.execute<{ events: number | null; bytes: number; used: boolean }>(
    `select case when c.reltuples >= 0 then c.reltuples::float8 end as events,
       pg_total_relation_size(c.oid)::float8 as bytes, pg_relation_size(c.oid) > 0 as used
     from pg_class c where c.oid = $1::regclass`,
    [`${quoteIdentifier(schema)}.archived_events`],
  );
  return archive?.used ? { events: archive.events, bytes: archive.bytes } : null;
}
