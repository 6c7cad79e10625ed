import type { DataSource } from 'typeorm';
import type { Finding } from '../admin/index.js';
import type { SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { tablesElsewhereInWords } from './tables-elsewhere-in-words.js';
import { tablesElsewhere } from '../entities/index.js';

/** Tables that may be tenants of the application, and are not captured. */
export async function findingsElsewhere(
  dataSource: DataSource,
  sql: SqlExecutor,
  mappings: readonly EntityMapping[],
): Promise<Finding[]> {
  const found = tablesElsewhereInWords(await tablesElsewhere(dataSource, sql, mappings));
  return found ? [{ severity: 'hint', ...found }] : [];
}
