import { setTimeout as sleep } from 'node:timers/promises';
import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { unknownConsumer } from './require-consumer.js';
import { isTransient } from './transient-errors.js';

export interface WaitOptions {
  /** Milliseconds. @defaultValue 10 000 */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** The position of the newest committed event; 0 when there is none. */
export async function lastPosition(sql: SqlExecutor, schema: string): Promise<string> {
  const [row] = await sql.execute<{ position: string }>(
    `select coalesce(max(global_position), 0) as position from ${quoteIdentifier(schema)}.events`,
  );
  return row?.position ?? '0';
}

/**
 * Resolves when a consumer has handled every event up to a position that is there; one that is parked counts as handled.
 * @throws BackstoryError when it takes longer than the time-out, or there is no such consumer
 */
export async function waitForPosition(
  sql: SqlExecutor,
  schema: string,
  consumer: string,
  position: string,
  { timeoutMs = 10_000, signal }: WaitOptions = {},
  /** Where the log is told of the checkpoint, and somebody else has it. */
  lookElsewhere?: () => Promise<{ reached: boolean; at: string } | undefined>,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  let away: unknown;
  const waitsElsewhere = (error: unknown): { reached: false; at: string } => {
    if (!isTransient(error)) throw error;
    away = error;
    return { reached: false, at: 'a place that nobody can ask just now' };
  };
  const lookedTo = new Map<number, string>();
  for (let pause = 2; ; pause = Math.min(100, pause * 1.5)) {
    const asked = performance.now();
    away = undefined;
    const told = await lookAt(sql, schema, consumer, position, lookedTo);
    if (typeof told?.reached !== 'boolean') throw unknownConsumer(consumer);
    const row = lookElsewhere
      ? ((await lookElsewhere().catch(waitsElsewhere)) ?? { reached: false, at: '0' })
      : told;
    if (row.reached) return;
    signal?.throwIfAborted();
    if (performance.now() > end) {
      throw new BackstoryError(
        'WAIT_TIMED_OUT',
        `Consumer "${consumer}" has not come to position ${position} in ${timeoutMs} ms: it is at ${row.at}.`,
        'See with "npx backstory relay" whether it runs, how far it is behind and whether an event fails; or wait longer.',
        away === undefined ? undefined : { cause: away },
      );
    }
    // beside very many gaps the first look takes a while
    const rest = Math.max(pause, Math.min(1_000, performance.now() - asked));
    await sleep(Math.min(rest, Math.max(1, end - performance.now())), undefined, signal ? { signal } : {});
  }
}

/**
 * A partition that has come that far is looked at for events in its gaps, in their order: each is a probe of the index. Below the first that
 * was found there was none, and what appears there later was not there when somebody began to wait: so the next look goes on from it.
 */
async function lookAt(
  sql: SqlExecutor,
  schema: string,
  consumer: string,
  position: string,
  lookedTo: Map<number, string>,
): Promise<{ reached: boolean; at: string } | undefined> {
  const table = quoteIdentifier(schema);
  const known = [...lookedTo];
  const rows = await sql.execute<{ partition: number; at: string; hasCome: boolean; found: string | null }>(
    `select c.partition, c.position::text as at, c.position >= $2 as "hasCome", f.position::text as found
     from ${table}.consumers c left join unnest($3::smallint[], $4::bigint[]) l (partition, position) on l.partition = c.partition
     left join lateral (
       select e.global_position as position from ${table}.fillable_gaps_of(c.gaps, c.resting_gaps) g
       cross join lateral (
         select e.global_position from ${table}.events e
         where e.global_position >= greatest(g.first, l.position) and e.global_position <= least(g.last, $2)
         order by e.global_position limit 1) e
       where c.position >= $2 and g.last >= coalesce(l.position, 0) and g.first <= $2 order by g.first limit 1) f on true
     where c.name = $1`,
    [consumer, position, known.map(([partition]) => partition), known.map(([, to]) => to)],
  );
  for (const { partition, hasCome, found } of rows)
    if (hasCome) lookedTo.set(partition, found ?? String(BigInt(position) + 1n));
  const [first] = [...rows].sort((one, other) => (BigInt(one.at) < BigInt(other.at) ? -1 : 1));
  return first && { reached: rows.every(({ hasCome, found }) => hasCome && found === null), at: first.at };
}
