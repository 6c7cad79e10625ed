import type { DataSource } from 'typeorm';
import type { SqlExecutor } from '../database/index.js';
import { together } from '../errors.js';
import type { AggregateSelection, EntityMapping } from '../mapping/index.js';
import { mapEntities } from './entity-mappings.js';
import { missingColumns } from './missing-column.js';

/** Describes each chosen entity's table. @throws BackstoryError with everything that can't be captured, and what to do about it */
export async function requireMappings(
  dataSource: DataSource,
  sql: SqlExecutor,
  selection: AggregateSelection,
): Promise<readonly EntityMapping[]> {
  const { mappings, problems } = await mapEntities(dataSource, sql, selection);
  const all = [...problems, ...mappings.flatMap(missingColumns)];
  if (all.length > 0) throw together(all);
  return mappings;
}
