import { type Database, quoteIdentifier, type SqlExecutor } from '../../database/index.js';
import { type Checkpoint, checkpointOf, lastPosition } from '../../outbox/index.js';
import { generationName } from '../projection-definition.js';
import type { GenerationElsewhere } from './generation-elsewhere.js';
import { hasEventsIn } from './has-events-in.js';
import { pointViewsElsewhere } from './point-views-elsewhere.js';
import type { TargetSession } from './target-database.js';
import { bigint, targetTables } from './target-tables.js';

const patienceMs = 2_000;

/**
 * Makes the next generation the live one, as `switchOver` does, in both databases: first readers there see it, then the log says so. When
 * somebody is stopped between, the next look does the rest; both generations are kept up until then.
 */
export async function switchElsewhere(
  database: Database,
  schema: string,
  of: GenerationElsewhere,
): Promise<boolean> {
  const table = quoteIdentifier(schema);
  const { definition, generation, target } = of;
  return database.transaction(async (sql) => {
    await sql.execute(`set local lock_timeout = '2s'`);
    const [state] = await sql.execute<{ live: number; next: number | null }>(
      `select live, next from ${table}.projections where name = $1 for update`,
      [definition.name],
    );
    if (state?.next !== generation) return false;
    const pointed = await target.transaction(
      10 * patienceMs,
      async (session) => {
        if (!(await isReady(sql, schema, session, of, state.live))) return false;
        // there a statement about tables would let go of the rows
        if (target.dialect === 'mysql') await target.session((other) => pointViewsElsewhere(other, of));
        else await pointViewsElsewhere(session, of);
        return true;
      },
      patienceMs,
    );
    if (!pointed) return false;
    const old = generationName(definition.name, state.live);
    await sql.execute(`delete from ${table}.consumers where name = $1`, [old]);
    await sql.execute(`delete from ${table}.parked_events where consumer = $1`, [old]);
    await sql.execute(
      `update ${table}.projections set live = $2, next = null, changed_at = clock_timestamp() where name = $1`,
      [definition.name, generation],
    );
    return true;
  });
}

/** Locks the rows of both: neither moves until readers have changed over. */
async function isReady(
  sql: SqlExecutor,
  schema: string,
  session: TargetSession,
  { target, definition, generation }: GenerationElsewhere,
  live: number,
): Promise<boolean> {
  const { checkpoints, parked } = targetTables(target);
  const rows = await session.execute<{ generation: number; position: string; gaps: string; ready: number }>(
    `select generation, ${bigint(target, 'text', 'position')} as "position", gaps as "gaps", ready from ${checkpoints}
     where projection = ? and generation in (?, ?) order by projection, generation, partition_no for update`,
    [definition.name, live, generation],
  );
  const of = (number: number): readonly Checkpoint[] =>
    rows
      .filter((row) => Number(row.generation) === number)
      .map(({ position, gaps }) => checkpointOf({ position, gaps: JSON.parse(gaps) as [string, string][] }));
  const next = of(generation);
  if (
    next.length === 0 ||
    rows.some((row) => Number(row.generation) === generation && Number(row.ready) !== 1)
  )
    return false;
  // a live one that is ahead of the log has seen what is lost: that is why it is built anew
  const end = BigInt(await lastPosition(sql, schema));
  const furthest = of(live).reduce((most, { position }) => (position > most ? position : most), 0n);
  const wanted = furthest < end ? furthest : end;
  if (next.some(({ position }) => position < wanted)) return false;
  const [stuck] = await session.execute(
    `select 1 as found from ${parked} where projection = ? and generation = ? limit 1`,
    [definition.name, generation],
  );
  if (stuck) return false;
  return !(await hasEventsIn(
    sql,
    schema,
    next.flatMap(({ gaps }) => gaps),
  ));
}
