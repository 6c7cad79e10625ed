import { setTimeout as sleep } from 'node:timers/promises';
import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { eventWriters, isRecovered } from './event-writers.js';

/** A stretch of the log without a loss. Events from its first position on belong to it, up to that of the next one. */
export interface LogEpoch {
  /** A decimal string; the moment of its beginning in microseconds since 1970. Later epochs have greater ones. */
  readonly number: string;
  readonly firstPosition: string;
  /** Of the last event that was left when it began. Positions between the two were given to nobody, or to lost ones. */
  readonly survivedPosition: string;
  readonly startedAt: Date;
}

/** How long transactions are waited for that may have written before the new epoch was noticed. */
const patienceMs = 10_000;

/**
 * The number of the epoch in which the log is now; '0' for the first. After a recovery of any kind a new one begins here, once
 * everybody has ended who may have noticed it earlier.
 * @throws BackstoryError EPOCH_PENDING when such a transaction stays open
 */
export async function currentEpoch(sql: SqlExecutor, schema: string): Promise<string> {
  const table = quoteIdentifier(schema);
  const look = `select ${table}.epoch_now()::text as epoch`;
  const [known] = await sql.execute<{ epoch: string | null }>(look);
  if (known?.epoch) return known.epoch;
  await sql.execute(`select ${table}.note_incarnation()`);
  const writers = async (): Promise<string[]> =>
    [...(await eventWriters(sql, schema))].filter((writer) => !isRecovered(writer));
  const before = new Set(await writers());
  for (const end = Date.now() + patienceMs; before.size > 0; await sleep(20)) {
    const now = await writers();
    if (!now.some((writer) => before.has(writer))) break;
    if (Date.now() > end) throw epochPending();
  }
  const [begun] = await sql.execute<{ epoch: string | null }>(`select ${table}.begin_epoch()::text as epoch`);
  if (!begun?.epoch) throw epochPending();
  return begun.epoch;
}

/** All but the first, oldest first. */
export function knownEpochs(sql: SqlExecutor, schema: string): Promise<LogEpoch[]> {
  return sql.execute<LogEpoch>(
    `select number::text, first_position::text as "firstPosition", survived_position::text as "survivedPosition", started_at as "startedAt"
     from ${quoteIdentifier(schema)}.known_epochs()`,
  );
}

/**
 * Begins a new epoch where nothing tells that the log has lost events. For the owner: `begin_epoch()`, which applications may call,
 * begins one only after a recovery.
 * @returns its number
 */
export async function beginEpoch(sql: SqlExecutor, schema: string): Promise<string> {
  const table = quoteIdentifier(schema);
  await sql.execute(`delete from ${table}.incarnation`);
  return currentEpoch(sql, schema);
}

function epochPending(): BackstoryError {
  return new BackstoryError(
    'EPOCH_PENDING',
    'The server was recovered, and a transaction is open that has written events since: where the new epoch begins is not known yet.',
    'Nothing, when it ends soon. Else look for it in pg_stat_activity and end it.',
  );
}
