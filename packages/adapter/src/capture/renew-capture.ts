import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { lockInstallation } from '../schema/index.js';
import { switchOff } from '../stages/index.js';
import { idleFunctions } from './capture-sql.js';
import { type CaptureState, readCaptureStates } from './capture-state.js';
import { makeFunctions } from './make-functions.js';
import { makeTriggers } from './make-triggers.js';
import { rebindRestored } from './rebind-restored.js';
import { unsettleLateTables } from './unsettle-late-tables.js';

/** What was made anew, and what can't be captured any more. */
export interface RenewedCapture {
  readonly renewed: readonly string[];
  /** Categories whose capture has ended, with the reason in words. */
  readonly ended: readonly { readonly category: string; readonly reason: string }[];
}

const nothing: RenewedCapture = { renewed: [], ended: [] };

/**
 * Makes the functions of every captured table anew whose columns a migration has changed, in the transaction that is open:
 * from what the database keeps and from its catalogue, so whatever the entities say. A table whose key is gone is captured no
 * more. Without anything installed, or to be done, it is a query or three.
 */
export async function renewCapture(sql: SqlExecutor, schema: string): Promise<RenewedCapture> {
  const [installed] = await sql.execute<{ bound: boolean }>(
    `select exists (select from pg_attribute b where b.attrelid = c.oid and b.attname = 'bound_in') as bound
     from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = 'aggregates' and a.attname = 'captured'`,
    [schema],
  );
  if (installed?.bound) await rebindRestored(sql, schema);
  if (!installed || !(await readCaptureStates(sql, schema)).some(isStale)) return nothing;
  await lockInstallation(sql, schema);
  const renewed: string[] = [];
  const ended: { category: string; reason: string }[] = [];
  for (const state of (await readCaptureStates(sql, schema)).filter(isStale)) {
    const { category, mapping, outdated, rebound, misrefusing, misrecording, missing } = state;
    if (typeof mapping === 'string') {
      await endCapture(sql, schema, state, mapping);
      ended.push({ category, reason: mapping });
      continue;
    }
    await unsettleLateTables(sql, schema, state);
    await makeFunctions(sql, schema, state, [...outdated, ...rebound, ...misrefusing, ...misrecording]);
    await makeTriggers(sql, missing);
    renewed.push(category);
  }
  return { renewed, ended };
}

/** A table that is gone fires no trigger, and comes back perhaps. */
function isStale({ captured, mapping, tables, ...stale }: CaptureState): boolean {
  if (!captured) return false;
  const { outdated, rebound, misrefusing, misrecording, missing } = stale;
  if (typeof mapping !== 'string')
    return [outdated, rebound, misrefusing, misrecording, missing].some(({ length }) => length > 0);
  return !mapping.endsWith('is gone') && tables.every(({ captured: known }) => known !== null);
}

async function endCapture(
  sql: SqlExecutor,
  schema: string,
  { category, tables }: CaptureState,
  reason: string,
): Promise<void> {
  const names = tables.map(({ part }) => ({ category, ...(part !== '' && { part: { path: part } }) }));
  await sql.execute(names.flatMap((name) => idleFunctions(name, schema)).join(';\n'));
  await sql.execute(
    `update ${quoteIdentifier(schema)}.aggregates set fingerprint = null where category = $1`,
    [category],
  );
  await switchOff(sql, schema, category, reason);
}
