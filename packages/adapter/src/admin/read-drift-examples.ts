import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { DriftKind } from '../drift/index.js';

/** A stream that differed from its row. Without values: they may be personal data. */
export interface DriftExample {
  readonly streamId: string;
  readonly kind: DriftKind;
  /** Names of properties, of a part with its path and id in front. */
  readonly properties: readonly string[];
  readonly foundBy: string;
  readonly foundAt: Date;
}

/** The latest first. */
export function readDriftExamples(
  sql: SqlExecutor,
  schema: string,
  category: string,
): Promise<DriftExample[]> {
  return sql.execute<DriftExample>(
    `select d.stream_id as "streamId", d.kind, d.properties, d.found_by as "foundBy", d.found_at as "foundAt"
     from ${quoteIdentifier(schema)}.drifts d join ${quoteIdentifier(schema)}.stages s using (category)
     where category = $1 and d.found_at >= s.captured_since order by d.found_at desc, d.stream_id limit 50`,
    [category],
  );
}
