import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';
import { readBlockHeaders } from '../seals/index.js';
import type { ExportManifest } from './manifest.js';

/** The newest block that ends at a position or before it; null where there is none, and for a role that may not see seals. */
export async function sealUpTo(
  sql: SqlExecutor,
  schema: string,
  position: string,
): Promise<ExportManifest['seal']> {
  const table = quoteLiteral(`${quoteIdentifier(schema)}.seal_blocks`);
  const [right] = await sql.execute<{ may: boolean }>(
    `select has_table_privilege(${table}, 'select') as may`,
  );
  if (!right?.may) return null;
  const [block] = await readBlockHeaders(
    sql,
    schema,
    'where last_position <= $1 order by last_position desc limit 1',
    [position],
  );
  return block ? { block: block.number, to: block.to, hash: block.hash } : null;
}
