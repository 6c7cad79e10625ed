import type { SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { compareInNode } from './compare-in-node.js';
import { compareInSql } from './compare-in-sql.js';
import type { Comparison } from './comparison.js';
import type { VerifyScope } from './verify-scope.js';

/** Compares one table row by row with its streams. Run inside a transaction with pinned settings. */
export function compare(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  scope: VerifyScope,
  limit: number,
): Promise<Comparison> {
  const compareRows = mapping.foldsInSql ? compareInSql : compareInNode;
  return compareRows(sql, schema, mapping, scope, limit);
}
