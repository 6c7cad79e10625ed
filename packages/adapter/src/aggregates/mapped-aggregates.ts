import type { DataSource } from 'typeorm';
import { isKnownRelease, readReleases } from '../capture/index.js';
import { type SqlExecutor, sqlState } from '../database/index.js';
import type { BackstoryError } from '../errors.js';
import {
  type AggregateSelection,
  type EntityMapping,
  type NamedTable,
  readStoredTables,
  type StoredTable,
} from '../mapping/index.js';
import { pendingMigrations } from '../schema/index.js';
import { mapEntities, missingColumns } from '../entities/index.js';

export interface MappedAggregates {
  readonly mappings: readonly EntityMapping[];
  /** What keeps entities, which are not among the mappings, from being captured. */
  readonly problems: readonly BackstoryError[];
  /** Tables that entities name and that aren't there. */
  readonly absent: readonly NamedTable[];
  /** Of an older release that runs beside newer tables: what it maps and they don't have any more, in words. */
  readonly outgrown: readonly string[];
}

/**
 * The aggregates that the options name, as far as their tables are there. A column that is gone keeps a release from being
 * captured for the first time; a release that has been here before goes on without it.
 */
export async function mappedAggregates(
  dataSource: DataSource,
  sql: SqlExecutor,
  schema: string,
  selection: AggregateSelection,
): Promise<MappedAggregates> {
  const { mappings, problems, absent } = await mapEntities(dataSource, sql, selection, () =>
    storedBefore(sql, schema),
  );
  const lacking = mappings.filter((mapping) => missingColumns(mapping).length > 0);
  if (lacking.length === 0) return { mappings, problems, absent, outgrown: [] };
  const isInstalled = (await pendingMigrations(sql, schema)).length === 0;
  const releases = isInstalled ? await readReleases(sql, schema) : new Set<string>();
  const isNew = (mapping: EntityMapping): boolean => !isKnownRelease(mapping, releases);
  const older = lacking.filter((mapping) => !isNew(mapping));
  return {
    mappings: mappings.filter((mapping) => !lacking.includes(mapping) || older.includes(mapping)),
    problems: [...problems, ...lacking.filter(isNew).flatMap(missingColumns)],
    absent,
    outgrown: older.flatMap(missingColumns).map(({ message }) => message.split('\n')[0] ?? ''),
  };
}

/** Nothing before the first install. */
async function storedBefore(sql: SqlExecutor, schema: string): Promise<StoredTable[]> {
  return readStoredTables(sql, schema).catch((error: unknown) => {
    if (!['42P01', '3F000', '42703'].includes(sqlState(error) ?? '')) throw error;
    return [];
  });
}
