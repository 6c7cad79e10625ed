import { quoteIdentifier, quoteTable, type SqlExecutor } from '../../database/index.js';
import type { EntityMapping } from '../../mapping/index.js';
import type { Finding } from '../finding.js';

/** Captured columns that this role may not read. */
export async function unreadableColumns(
  sql: SqlExecutor,
  captured: readonly EntityMapping[],
): Promise<Finding[]> {
  const tables = captured.flatMap((root) => [root, ...root.parts]);
  const wanted = tables.map(({ table, columns }) => ({
    oid: table.oid,
    columns: columns.map(({ column }) => column),
  }));
  const unreadable = await sql.execute<{ oid: number; role: string; columns: string }>(
    `select w.oid, current_user::text as role, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
     from jsonb_to_recordset($1::jsonb) as w (oid oid, columns jsonb)
     join pg_attribute a on a.attrelid = w.oid and w.columns ? a.attname and a.attnum > 0 and not a.attisdropped
     where not has_column_privilege(w.oid, a.attnum, 'select')
     group by w.oid`,
    [JSON.stringify(wanted)],
  );
  return tables.flatMap(({ category, table }) =>
    unreadable
      .filter(({ oid }) => oid === table.oid)
      .map(({ role, columns }) => ({
        severity: 'hint' as const,
        aggregate: category,
        problem: `this role, ${quoteIdentifier(role)}, may not read ${columns} of ${quoteTable(table)}: backfill, verify, repair and archive refuse it`,
        remedy: `As the owner: GRANT SELECT (${columns}) ON ${quoteTable(table)} TO ${quoteIdentifier(role)}; or run these as another role.`,
      })),
  );
}
