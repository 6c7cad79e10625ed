import { type Database, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { operate, type ProgressOptions } from '../observation/index.js';
import { replayStreams } from './replay-streams.js';
import { requireUpcasters } from './require-upcasters.js';
import { snapshotFingerprint } from './snapshot-fingerprint.js';
import { snapshotText } from './snapshot-state.js';

/**
 * Keeps the states of some streams, each at the last multiple of the aggregate's interval, or the last up to `version`.
 * A state of which something was erased isn't kept: a snapshot has no marks.
 * @returns how many were kept
 */
export function takeSnapshots(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  streams: ReadonlyMap<string, number>,
): Promise<number> {
  return operate(
    () => ({ name: 'snapshot', attributes: { category: mapping.category, streams: streams.size } }),
    () =>
      database.transaction(async (sql) => {
        // what is erased meanwhile must not come back: erase_events() takes this lock alone
        await sql.execute(`select ${quoteIdentifier(schema)}.take_locks('erasure', array[0], true)`);
        return keepStates(sql, schema, mapping, streams);
      }),
    (taken) => ({ taken }),
  );
}

async function keepStates(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  streams: ReadonlyMap<string, number>,
): Promise<number> {
  const { category, snapshotEvery } = mapping;
  const byVersion = new Map<number, string[]>();
  for (const [id, position] of streams) {
    const version = position - (position % snapshotEvery);
    if (version > 0) byVersion.set(version, [...(byVersion.get(version) ?? []), id]);
  }
  const rows: { id: string; position: number; state: string }[] = [];
  for (const [version, ids] of byVersion) {
    // one that can't be replayed has no snapshot; whoever reads it hears of that
    const replayed = await replayStreams(sql, schema, mapping, ids, { version }, () => undefined);
    for (const [id, stream] of replayed) {
      if (stream.position === version && stream.folded > 0 && !stream.erased) {
        rows.push({ id, position: version, state: snapshotText(stream) });
      }
    }
  }
  if (rows.length === 0) return 0;
  const schemaName = quoteIdentifier(schema);
  // in one order: others who take the same ones are waited for, and must not wait for us
  await sql.execute(
    `insert into ${schemaName}.snapshots (category, stream_id, stream_position, fingerprint, state, recorded_at)
     select $1, s.id, s.position, $2, s.state, (
       select max(e.recorded_at) from ${schemaName}.all_events e
       where e.category = $1 and e.stream_id = s.id and e.stream_position <= s.position)
     from unnest($3::text[], $4::bigint[], $5::json[]) s (id, position, state)
     order by s.id collate "C", s.position
     on conflict do nothing`,
    [
      category,
      snapshotFingerprint(mapping),
      rows.map(({ id }) => id),
      rows.map(({ position }) => position),
      rows.map(({ state }) => state),
    ],
  );
  return rows.length;
}

/** What `rebuildSnapshots()` did for one aggregate. */
export interface SnapshotReport {
  readonly category: string;
  /** Removed: those that another version of the code has made, and all that are made anew. */
  readonly removed: number;
  readonly taken: number;
  /** It was stopped by its signal: streams behind have none, and get theirs as they are read, or by the next run. */
  readonly stopped?: true;
}

const batchSize = 200;

/**
 * Drops every snapshot of an aggregate and takes one of each stream that is long enough. Reads go on meanwhile: they
 * replay from the first event.
 * @throws InvalidOptionsError where the application's upcasters are not known here
 */
export async function rebuildSnapshots(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  { onProgress, signal }: ProgressOptions = {},
): Promise<SnapshotReport> {
  requireUpcasters(mapping);
  const { category, snapshotEvery } = mapping;
  const schemaName = quoteIdentifier(schema);
  if (signal?.aborted) return { category, removed: 0, taken: 0, stopped: true };
  let done = 0;
  onProgress?.({ category, done, unit: 'streams' });
  const [gone] = await database.execute<{ removed: number }>(
    `with gone as (delete from ${schemaName}.snapshots where category = $1 returning 1) select count(*)::integer as removed from gone`,
    [category],
  );
  let taken = 0;
  for (let after: string | undefined, more = snapshotEvery > 0; more;) {
    if (signal?.aborted) return { category, removed: gone?.removed ?? 0, taken, stopped: true };
    // every stream that is long enough has an event at this position
    const streams: { id: string; last: number }[] = await database.execute(
      `select s.id, (select max(e.stream_position) from ${schemaName}.events e
                     where e.category = $1 and e.stream_id = s.id)::float8 as last
       from (select stream_id as id from ${schemaName}.all_events
             where category = $1 and stream_position = $2 and ($3::text is null or stream_id > $3) order by stream_id limit ${batchSize}) s order by s.id collate "C"`,
      [category, snapshotEvery, after ?? null],
    );
    taken += await takeSnapshots(
      database,
      schema,
      mapping,
      new Map(streams.map(({ id, last }) => [id, last])),
    );
    // the last by PostgreSQL's order, which for rare characters isn't that of JavaScript
    onProgress?.({ category, done: (done += streams.length), unit: 'streams' });
    after = streams.at(-1)?.id;
    more = streams.length === batchSize;
  }
  return { category, removed: gone?.removed ?? 0, taken };
}
