import {
  type Database,
  quoteIdentifier,
  retryWhileLocked,
  sqlState,
  type SqlExecutor,
} from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { lockInstallation } from './migrate.js';

/** A sequence of global positions that would give taken ones, as after a restore or a logical copy without sequences. */
export interface SequenceBehind {
  readonly sequence: string;
  /** Null where it has given none yet. */
  readonly at: string | null;
  readonly newest: string;
}

/** Undefined when it is not behind, and to a role that may not look at it. */
export async function sequenceBehind(sql: SqlExecutor, schema: string): Promise<SequenceBehind | undefined> {
  const events = `${quoteIdentifier(schema)}.events`;
  // to a role that may not look at the sequence it would seem to be at its start, or refuse
  const [row] = await sql.execute<{ newest: string | null; at: string | null; sequence: string }>(
    `select (select max(global_position) from ${events})::text as newest,
            pg_sequence_last_value(s.sequence)::text as at, s.sequence::regclass::text as sequence
     from (select pg_get_serial_sequence($1, 'global_position')::regclass as sequence) s
     where has_sequence_privilege(s.sequence, 'select, usage')`,
    [events],
  );
  if (!row?.newest || BigInt(row.at ?? 0) >= BigInt(row.newest)) return undefined;
  return { ...row, newest: row.newest };
}

export function behindInWords({ at, newest }: SequenceBehind): string {
  return `the sequence of global positions is at ${at ?? 'its start'}, behind the newest event at ${newest}`;
}

/** @throws BackstoryError SEQUENCE_BEHIND: every captured write would fail */
export async function requireSequence(sql: SqlExecutor, schema: string): Promise<void> {
  const behind = await sequenceBehind(sql, schema);
  if (behind) throw refusal(behind);
}

/**
 * Brings the sequence behind the newest event. Nobody writes events meanwhile, or they would take positions that it gives again.
 * @throws BackstoryError SEQUENCE_BEHIND to a role that may not set it
 */
export async function mendSequence(database: Database, schema: string): Promise<boolean> {
  const before = await sequenceBehind(database, schema);
  if (!before) return false;
  const events = `${quoteIdentifier(schema)}.events`;
  const mend = (): Promise<void> =>
    database.transaction(async (sql) => {
      await lockInstallation(sql, schema);
      await sql.execute(`set local lock_timeout = '2s'`);
      await sql.execute(`lock table ${events} in share row exclusive mode`);
      const behind = await sequenceBehind(sql, schema);
      if (behind)
        await sql.execute(`select setval($1::regclass, $2::bigint)`, [behind.sequence, behind.newest]);
    });
  try {
    await retryWhileLocked(mend, { attempts: 5 });
  } catch (error) {
    if (sqlState(error) !== '42501') throw error;
    throw refusal(before, error);
  }
  return true;
}

function refusal(behind: SequenceBehind, cause?: unknown): BackstoryError {
  return new BackstoryError(
    'SEQUENCE_BEHIND',
    `After a restore or a copy without sequences ${behindInWords(behind)}: captured writes fail.`,
    `Run "npx backstory install" as the owner of Backstory's tables, or: SELECT setval('${behind.sequence}', ${behind.newest}); and set the sequences of your own tables, too.`,
    cause === undefined ? {} : { cause },
  );
}
