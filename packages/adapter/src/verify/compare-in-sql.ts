import type { SqlExecutor } from '../database/index.js';
import type { Drift, DriftKind } from '../drift/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { Comparison } from './comparison.js';
import { compareSql } from './compare-sql.js';
import { hasUntrackedEnds } from './untracked-ends.js';
import type { VerifyScope } from './verify-scope.js';

/** Compares one table row by row with its streams, inside the database. */
export async function compareInSql(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  scope: VerifyScope,
  limit: number,
): Promise<Comparison> {
  const [result] = await sql.execute<{
    drifted: number;
    drifts: {
      stream_id: string;
      row_id: string;
      kind: DriftKind;
      properties: Drift['properties'] | null;
      positions: number[] | null;
    }[];
  }>(compareSql(mapping, schema, scope, limit, await hasUntrackedEnds(sql, schema, mapping)), scope.values);
  const { drifted, drifts } = result as NonNullable<typeof result>;
  return {
    drifted,
    drift: drifts.map(({ stream_id, row_id, kind, properties, positions }) => ({
      category: mapping.category,
      streamId: stream_id,
      ...(mapping.part && { part: { path: mapping.part.path, id: row_id } }),
      kind,
      properties: properties ?? {},
      ...(positions && { positions }),
    })),
  };
}
