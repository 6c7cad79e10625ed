import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { CaptureState } from './capture-state.js';

/**
 * Rows that statements have put into a partition by its name, before that had triggers, are in no stream. So where triggers are made
 * for one that has rows already, reads return the rows of the aggregate as they are until a verify has seen it whole.
 */
export async function unsettleLateTables(
  sql: SqlExecutor,
  schema: string,
  { mapping, captured, missing }: CaptureState,
): Promise<void> {
  if (!captured || typeof mapping === 'string') return;
  const late = new Set(missing.map(({ table }) => table.oid));
  for (const { category, part, partitions } of [mapping, ...mapping.parts]) {
    const oids = partitions.map(({ oid }) => oid).filter((oid) => late.has(oid));
    if (oids.length === 0) continue;
    await sql.execute(
      `update ${quoteIdentifier(schema)}.aggregates set replayed_oid = null
       where category = $1 and part = $2 and exists (select from unnest($3::oid[]) o (oid) where pg_relation_size(o.oid) > 0)`,
      [category, part?.path ?? '', oids],
    );
  }
}
