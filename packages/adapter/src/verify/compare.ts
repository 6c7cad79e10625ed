import type { SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { compareInNode } from './compare-in-node.js';
import { compareInSql } from './compare-in-sql.js';
import { besideErased } from './erased-streams.js';
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
  if (!mapping.foldsInSql) return compareInNode(sql, schema, mapping, scope, limit);
  return besideErased(sql, schema, mapping, scope, limit, (others) =>
    compareInSql(sql, schema, mapping, others, limit),
  );
}
