import {
  type Database,
  lockHolders,
  quoteTable,
  retryWhileLocked,
  serverError,
  sqlState,
  type SqlExecutor,
} from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';
import { lockInstallation } from '../schema/index.js';
import { type CaptureState, readCaptureStates } from './capture-state.js';
import { makeFunctions } from './make-functions.js';
import { makeTriggers } from './make-triggers.js';
import { unsettleLateTables } from './unsettle-late-tables.js';

/**
 * Has an aggregate captured: makes its functions where they are out of date, for which no table is locked, and the triggers
 * that are missing. CREATE TRIGGER waits for every transaction that has written to the table and is still open, and none can
 * write until it is done: afterwards there is no change that was neither committed before nor is captured. It asks for its
 * locks in turns shorter than `deadlock_timeout`, so that the application never queues behind it for longer, and no
 * transaction of the application is ended for its sake.
 * @returns whether there was something to do
 */
export async function installCapture(
  database: Database,
  schema: string,
  category: string,
  onWait?: (message: string) => void,
): Promise<boolean> {
  let state: CaptureState | undefined;
  const install = (): Promise<boolean> =>
    database.transaction(async (sql) => {
      await lockInstallation(sql, schema);
      [state] = await readCaptureStates(sql, schema, category);
      if (!state) return false;
      const locked = toBeLocked(state, mappingOf(state));
      if (locked.length > 0) {
        await lockTables(sql, locked);
        // by now it may be another: columns, partitions, and triggers that somebody has dropped who has switched it off
        [state] = await readCaptureStates(sql, schema, category);
        if (!state) return false;
      }
      const { captured, outdated, rebound, misrefusing, misrecording, missing } = state;
      const mapping = mappingOf(state);
      const remade = captured
        ? [...outdated, ...rebound, ...misrefusing, ...misrecording]
        : [mapping, ...mapping.parts];
      if (remade.length + missing.length === 0) return false;
      await unsettleLateTables(sql, schema, state);
      await makeFunctions(sql, schema, state, remade);
      await makeTriggers(sql, missing);
      return true;
    });
  try {
    return await retryWhileLocked(install, {
      attempts: 120,
      onWait: async () => {
        const tables = (state?.tables ?? []).flatMap(({ oid }) => oid ?? []);
        onWait?.(`Waiting to capture ${nameOf(state)}: ${await lockHolders(database, tables)}.`);
      },
    });
  } catch (error) {
    throw asCaptureError(error, state);
  }
}

function mappingOf({ category, mapping }: CaptureState): EntityMapping {
  if (typeof mapping === 'string') throw lostCapture(category, mapping);
  return mapping;
}

/** What begins to be captured has triggers perhaps, from before it was off: the lock is what makes it whole. */
function toBeLocked({ captured, missing }: CaptureState, mapping: EntityMapping): string[] {
  const tables = captured ? missing : [mapping, ...mapping.parts];
  return [...new Set(tables.map(({ table }) => quoteTable(table)))];
}

/** All of them, each for a part of the time after which PostgreSQL looks for deadlocks: while one is waited for, others are held. */
async function lockTables(sql: SqlExecutor, tables: readonly string[]): Promise<void> {
  await sql.execute(
    `select set_config('lock_timeout', greatest(10, least(500, extract(epoch from current_setting('deadlock_timeout')::interval) * 500) / $1)::integer::text, true)`,
    [tables.length],
  );
  for (const table of tables) await sql.execute(`lock table ${table} in share row exclusive mode`);
}

function nameOf(state: CaptureState | undefined): string {
  const own = state?.tables.find(({ part }) => part === '');
  return own ? quoteTable(own) : 'a table';
}

function lostCapture(category: string, reason: string): BackstoryError {
  return new BackstoryError(
    'NOT_CAPTURABLE',
    `"${category}" can't be captured: ${reason}.`,
    `Mend the table and run "npx backstory install" again, or end its capture: npx backstory stage ${category} off`,
  );
}

function asCaptureError(error: unknown, state: CaptureState | undefined): unknown {
  const table = nameOf(state);
  if (sqlState(error) === '42501') {
    return new BackstoryError(
      'CAPTURE_REFUSED',
      `This database role may not create triggers on ${table} (entity ${state?.tables[0]?.entity}): ${(serverError(error) as Error).message}.`,
      `Run "npx backstory install" as the table's owner, or "GRANT TRIGGER ON ${table} TO …" and give the role the right to create functions in Backstory's schema; then start with install: 'check'.`,
      { cause: error },
    );
  }
  if (sqlState(error) === '55P03') {
    return new BackstoryError(
      'CAPTURE_REFUSED',
      `Could not lock ${table} for a moment to create its triggers: another transaction has held it all the time.`,
      `End that transaction (see pg_stat_activity) and start again.`,
      { cause: error },
    );
  }
  return error;
}
