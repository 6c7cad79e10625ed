import { setTimeout as sleep } from 'node:timers/promises';
import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { unknownConsumer } from './require-consumer.js';

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
): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (let pause = 2; ; pause = Math.min(100, pause * 1.5)) {
    const asked = performance.now();
    const row = await lookAt(sql, schema, consumer, position);
    if (row?.reached) return;
    if (typeof row?.reached !== 'boolean') throw unknownConsumer(consumer);
    signal?.throwIfAborted();
    if (performance.now() > end) {
      throw new BackstoryError(
        'WAIT_TIMED_OUT',
        `Consumer "${consumer}" has not come to position ${position} in ${timeoutMs} ms: it is at ${row.at}.`,
        'See with "npx backstory relay" whether it runs, how far it is behind and whether an event fails; or wait longer.',
      );
    }
    // beside very many gaps a look takes a while
    const rest = Math.max(pause, 4 * (performance.now() - asked));
    await sleep(Math.min(rest, Math.max(1, end - performance.now())), undefined, signal ? { signal } : {});
  }
}

/** Gaps are looked into for a partition that has come that far: each is a probe of the index. */
async function lookAt(
  sql: SqlExecutor,
  schema: string,
  consumer: string,
  position: string,
): Promise<{ reached: boolean | null; at: string } | undefined> {
  const table = quoteIdentifier(schema);
  const [row] = await sql.execute<{ reached: boolean | null; at: string }>(
    `select bool_and(case when c.position < $2 then false else not exists (
         select from jsonb_array_elements(c.gaps) g
         cross join lateral (
           select from ${table}.events e
           where e.global_position >= (g->>0)::bigint and e.global_position <= least((g->>1)::bigint, $2)
           order by e.global_position limit 1) e) end) as reached,
       min(c.position) as at
     from ${table}.consumers c where c.name = $1`,
    [consumer, position],
  );
  return row;
}
