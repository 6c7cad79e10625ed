import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, quoteIdentifier, quoteTable, sqlState } from '../database/index.js';
import type { StoredTable } from '../mapping/index.js';
import { lockInstallation } from '../schema/index.js';
import { captureFunctions, idleFunctions } from './capture-sql.js';
import { readTriggers, type TableTrigger } from './read-triggers.js';

/** How often, and how far apart, the lock that DROP TRIGGER needs is asked for. It is never waited for. */
const attempts = 20;
const pauseMs = 100;

/** What is left of capture on the tables of an aggregate that is off. */
export interface RemovedCapture {
  /** Tables that were in use all the time, so that their triggers are still there and do nothing. */
  readonly left: readonly string[];
}

/**
 * Stops capture of an aggregate, if it is still to be off by then. Its events stay. First its functions are replaced by some that do
 * nothing, which needs no lock on a table; then the triggers are dropped where nobody uses the table just then. DROP TRIGGER
 * needs a lock that conflicts with readers: it is taken at once or not at all, so that nobody queues behind it.
 */
export async function removeCapture(
  database: Database,
  schema: string,
  tables: readonly StoredTable[],
): Promise<RemovedCapture> {
  const [{ category } = { category: '' }] = tables;
  const names = tables.map(({ part }) => ({ category, ...(part !== '' && { part: { path: part } }) }));
  const idle = await database.transaction(async (sql) => {
    await lockInstallation(sql, schema);
    const [on] = await sql.execute(
      `select from ${quoteIdentifier(schema)}.stages where category = $1 and stage <> 'off' for share`,
      [category],
    );
    if (on) return false;
    await sql.execute(names.flatMap((name) => idleFunctions(name, schema)).join(';\n'));
    await sql.execute(
      `update ${quoteIdentifier(schema)}.aggregates set fingerprint = null where category = $1`,
      [category],
    );
    return true;
  });
  if (!idle) return { left: [] };
  const own = new Set(names.flatMap(captureFunctions));
  for (let attempt = 1; ; attempt++) {
    const triggers = (await readTriggers(database, schema)).filter(
      ({ functionName, inherited }) => own.has(functionName) && !inherited,
    );
    const left = new Set<string>();
    for (const [table, ofTable] of byTable(triggers)) {
      if (!(await dropNow(database, schema, category, table, ofTable))) left.add(table);
    }
    if (left.size === 0 || attempt === attempts) return { left: [...left] };
    await sleep(pauseMs);
  }
}

function byTable(triggers: readonly TableTrigger[]): Map<string, TableTrigger[]> {
  const tables = new Map<string, TableTrigger[]>();
  for (const trigger of triggers) {
    const name = quoteTable({ schema: trigger.schema, name: trigger.table });
    tables.set(name, [...(tables.get(name) ?? []), trigger]);
  }
  return tables;
}

async function dropNow(
  database: Database,
  schema: string,
  category: string,
  table: string,
  triggers: readonly TableTrigger[],
): Promise<boolean> {
  return database
    .transaction(async (sql) => {
      const [off] = await sql.execute(
        `select from ${quoteIdentifier(schema)}.aggregates where category = $1 and fingerprint is null for share`,
        [category],
      );
      if (!off) return true;
      await sql.execute(`lock table ${table} in access exclusive mode nowait`);
      await sql.execute(
        triggers.map(({ name }) => `drop trigger if exists ${quoteIdentifier(name)} on ${table}`).join('; '),
      );
      return true;
    })
    .catch((error: unknown) => {
      if (sqlState(error) === '55P03') return false;
      throw error;
    });
}
