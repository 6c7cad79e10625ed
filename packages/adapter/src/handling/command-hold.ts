import { numberedTooSoon } from './command-refusals.js';
import { quoteTable, type SqlExecutor } from '../database/index.js';
import { type EntityMapping, rowsOfStreamsSql } from '../mapping/index.js';

/** The root of an aggregate with parts, which a command is going to write, and whether it deletes it. */
export interface HeldRoot {
  readonly streamId: string;
  readonly ends: boolean;
}

/**
 * Locks the root's row before rows of parts are written, as its own UPDATE or DELETE would: two commands that take rows in different orders wait for each other
 * there, and not in a circle. A role that may not update the root goes without.
 * @throws BackstoryError COMMAND_REFUSED where events of an aggregate with parts get their positions as they are written
 */
export async function holdAggregate(
  sql: SqlExecutor,
  mapping: EntityMapping,
  root: HeldRoot | undefined,
): Promise<void> {
  const table = quoteTable(mapping.table);
  const [found] = await sql.execute<{ level: string; mayHold: boolean }>(
    `select current_setting('transaction_isolation') as level, has_any_column_privilege($1, 'UPDATE') as "mayHold"`,
    [table],
  );
  if (found?.level === 'serializable') throw numberedTooSoon(mapping);
  if (!root || found?.mayHold !== true) return;
  await sql.execute(
    `select from ${table} t where ${rowsOfStreamsSql(mapping, 't', 'array[$1]')} for ${root.ends ? 'update' : 'no key update'} of t`,
    [root.streamId],
  );
}
