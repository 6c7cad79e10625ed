import type { SqlExecutor } from '../database/index.js';
import type { Drift, DriftKind } from '../drift/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { compareSql } from './compare-sql.js';
import type { VerifyScope } from './verify-scope.js';

/** How many streams, or parts of them, differ from their rows, and the first of them. */
export interface Comparison {
  readonly drifted: number;
  readonly drift: readonly Drift[];
}

/** Compares one table row by row with its streams. Run inside a transaction with pinned settings. */
export async function compare(
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
  }>(compareSql(mapping, schema, scope, limit), scope.values);
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
