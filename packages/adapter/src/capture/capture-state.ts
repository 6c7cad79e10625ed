import type { SqlExecutor } from '../database/index.js';
import {
  capturedMapping,
  type CapturedTable,
  type CatalogTable,
  columnsAsSeen,
  type EntityMapping,
  readCatalogOf,
  readStoredTables,
  type StoredTable,
} from '../mapping/index.js';
import { captureSql, wantedTriggers, type WantedTrigger } from './capture-sql.js';
import { readTriggers, type TableTrigger } from './read-triggers.js';

/** A table as it is noted, and what is captured of it by what its columns are now: the same object where that is how they were noted. */
export type SeenTable = StoredTable & { readonly seen: CapturedTable | null };

/** One aggregate as it is captured, and what is out of date about that. */
export interface CaptureState {
  readonly category: string;
  readonly tables: readonly SeenTable[];
  /** Whether anything of it is captured: not so before the first install, and in stage off. */
  readonly captured: boolean;
  /** What it is captured by, made from its tables as they are now; or why it can't be, in words. */
  readonly mapping: EntityMapping | string;
  /** The tables whose functions were made for other columns, types or options. */
  readonly outdated: readonly EntityMapping[];
  /** The tables whose functions are right, but were made for their tables of before a restore: each call asks for the table's name. */
  readonly rebound: readonly EntityMapping[];
  /** The tables whose functions are right, but refuse what they need not, or refuse nothing. */
  readonly misrefusing: readonly EntityMapping[];
  /** The tables whose functions are right, but record failures where they are to fail, or the other way round. */
  readonly misrecording: readonly EntityMapping[];
  /** Triggers that are not there, are disabled, or are of another kind than they have to be. */
  readonly missing: readonly WantedTrigger[];
}

/** How every aggregate of the database, or one of them, is captured. Three queries, however many there are. */
export async function readCaptureStates(
  sql: SqlExecutor,
  schema: string,
  only?: string,
): Promise<CaptureState[]> {
  const stored = (await readStoredTables(sql, schema)).filter(
    ({ category }) => category === (only ?? category),
  );
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
  stored: readonly StoredTable[],
  catalog: ReadonlyMap<number, CatalogTable>,
  triggers: readonly TableTrigger[],
  schema: string,
): CaptureState {
  const tables = stored.map((table) => ({ ...table, seen: asSeen(table, catalog) }));
  const captured = tables.some(({ fingerprint }) => fingerprint !== null);
  const mapping = capturedMapping(
    tables.map((table) => ({ ...table, captured: table.seen })),
    catalog,
  );
  const mappings = typeof mapping === 'string' ? [] : [mapping, ...mapping.parts];
  let functions: FunctionsState | undefined;
  let missing: WantedTrigger[] | undefined;
  const ofFunctions = (): FunctionsState => (functions ??= stateOfFunctions(mappings, tables, schema));
  return {
    category,
    tables,
    captured,
    mapping,
    get outdated() {
      return ofFunctions().outdated;
    },
    get rebound() {
      return ofFunctions().rebound;
    },
    get misrefusing() {
      return ofFunctions().misrefusing;
    },
    get misrecording() {
      return ofFunctions().misrecording;
    },
    get missing() {
      return (missing ??= missingTriggers(mappings, triggers, schema));
    },
  };
}

/** To compare functions they are generated, which most of those who ask for a state have no use for: so it is done when it is asked for. */
type FunctionsState = Pick<CaptureState, 'outdated' | 'rebound' | 'misrefusing' | 'misrecording'>;

function stateOfFunctions(
  mappings: readonly EntityMapping[],
  tables: readonly SeenTable[],
  schema: string,
): FunctionsState {
  const outdated: EntityMapping[] = [];
  const rebound: EntityMapping[] = [];
  const misrefusing: EntityMapping[] = [];
  const misrecording: EntityMapping[] = [];
  for (const mapping of mappings) {
    const stored = tables.find(({ part }) => part === (mapping.part?.path ?? '')) as SeenTable;
    if (!isAsWanted(stored, mapping, schema)) outdated.push(mapping);
    else if (stored.functionsOid !== stored.oid) rebound.push(mapping);
    else if (stored.refuses !== stored.isRefusing) misrefusing.push(mapping);
    else if (stored.records !== stored.isRecording) misrecording.push(mapping);
  }
  return { outdated, rebound, misrefusing, misrecording };
}

function missingTriggers(
  mappings: readonly EntityMapping[],
  triggers: readonly TableTrigger[],
  schema: string,
): WantedTrigger[] {
  return mappings
    .flatMap((mapping) => wantedTriggers(mapping, schema))
    .filter((wanted) => !triggers.some((found) => serves(found, wanted)));
}

function isAsWanted(
  { fingerprint, seen, captured }: SeenTable,
  mapping: EntityMapping,
  schema: string,
): boolean {
  return fingerprint !== null && seen === captured && fingerprint === captureSql(mapping, schema).fingerprint;
}

function asSeen(
  { captured, oid }: StoredTable,
  catalog: ReadonlyMap<number, CatalogTable>,
): CapturedTable | null {
  const table = catalog.get(oid ?? 0);
  return captured && table ? columnsAsSeen(captured, table) : captured;
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

/** Whether all that is captured is in order, but for statements that name a table beneath a captured one. */
export function isWholeAtTheTop({ captured, mapping, outdated, missing }: CaptureState): boolean {
  if (!captured || typeof mapping === 'string' || outdated.length > 0) return false;
  const tops = new Set([mapping, ...mapping.parts].map(({ table }) => table.oid));
  return !missing.some(({ table }) => tops.has(table.oid));
}
