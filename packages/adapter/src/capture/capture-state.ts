import type { SqlExecutor } from '../database/index.js';
import {
  capturedMapping,
  type CatalogTable,
  columnsAsSeen,
  type EntityMapping,
  readCatalogOf,
  readStoredTables,
  type StoredTable,
} from '../mapping/index.js';
import { captureSql, type WantedTrigger } from './capture-sql.js';
import { readTriggers, type TableTrigger } from './read-triggers.js';

/** One aggregate as it is captured, and what is out of date about that. */
export interface CaptureState {
  readonly category: string;
  readonly tables: readonly StoredTable[];
  /** Whether anything of it is captured: not so before the first install, and in stage off. */
  readonly captured: boolean;
  /** What it is captured by, made from its tables as they are now; or why it can't be, in words. */
  readonly mapping: EntityMapping | string;
  /** The tables whose functions were made for other columns, types or options. */
  readonly outdated: readonly EntityMapping[];
  /** Triggers that are not there, are disabled, or are of another kind than they have to be. */
  readonly missing: readonly WantedTrigger[];
}

/** How every aggregate of the database is captured. Three queries, however many there are. */
export async function readCaptureStates(sql: SqlExecutor, schema: string): Promise<CaptureState[]> {
  const stored = await readStoredTables(sql, schema);
  const oids = stored.flatMap(({ oid }) => oid ?? []);
  const catalog = new Map((await readCatalogOf(sql, oids)).map((table) => [table.oid, table]));
  const triggers = await readTriggers(sql, schema);
  return [...new Set(stored.map(({ category }) => category))].map((category) =>
    stateOf(
      category,
      stored.filter((table) => table.category === category),
      catalog,
      triggers,
      schema,
    ),
  );
}

function stateOf(
  category: string,
  tables: readonly StoredTable[],
  catalog: ReadonlyMap<number, CatalogTable>,
  triggers: readonly TableTrigger[],
  schema: string,
): CaptureState {
  const captured = tables.some(({ fingerprint }) => fingerprint !== null);
  const mapping = capturedMapping(tables, catalog);
  if (typeof mapping === 'string') return { category, tables, captured, mapping, outdated: [], missing: [] };
  const outdated: EntityMapping[] = [];
  const missing: WantedTrigger[] = [];
  for (const each of [mapping, ...mapping.parts]) {
    const wanted = captureSql(each, schema);
    const stored = tables.find(({ part }) => part === (each.part?.path ?? '')) as StoredTable;
    const isAsSeen = isKnownAs(stored, catalog);
    if (stored.fingerprint !== wanted.fingerprint || !isAsSeen) outdated.push(each);
    missing.push(...wanted.triggers.filter((trigger) => !triggers.some((found) => serves(found, trigger))));
  }
  return { category, tables, captured, mapping, outdated, missing };
}

/** Whether names and types of the columns are still those that were noted. */
function isKnownAs({ captured, oid }: StoredTable, catalog: ReadonlyMap<number, CatalogTable>): boolean {
  const table = catalog.get(oid ?? 0);
  return !captured || !table || columnsAsSeen(captured, table) === captured;
}

function serves(found: TableTrigger, wanted: WantedTrigger): boolean {
  return (
    found.oid === wanted.table.oid &&
    found.name === wanted.name &&
    found.enabled &&
    found.forEachRow === wanted.forEachRow &&
    found.functionName === wanted.functionName
  );
}
