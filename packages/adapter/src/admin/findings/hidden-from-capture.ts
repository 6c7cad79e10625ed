import { captureFunctions } from '../../capture/index.js';
import { quoteIdentifier, quoteTable, type SqlExecutor } from '../../database/index.js';
import type { EntityMapping } from '../../mapping/index.js';
import type { Finding } from '../finding.js';

/**
 * Capture runs as the owner of its functions. What a statement has changed PostgreSQL hands over whole, whatever policies say;
 * what capture has to look up in the tables, they may hide from that role.
 */
export async function hiddenFromCapture(
  sql: SqlExecutor,
  schema: string,
  captured: readonly EntityMapping[],
): Promise<Finding[]> {
  // TRUNCATE of a table without parts and partitions ends every stream, seen or not
  const lookups = captured.filter(
    (root) => root.reentrant || [root, ...root.parts].length + root.partitions.length > 1,
  );
  const tables = lookups.flatMap((root) =>
    [root, ...root.parts].map((mapping) => ({
      category: root.category,
      oid: mapping.table.oid,
      name: quoteTable(mapping.table),
      functions: captureFunctions(mapping),
    })),
  );
  if (tables.length === 0) return [];
  const hidden = await sql.execute<{ category: string; tables: string; owner: string }>(
    `select t.category, string_agg(distinct t.name, ', ') as tables, o.rolname::text as owner
     from jsonb_to_recordset($1::jsonb) as t (category text, oid oid, name text, functions jsonb)
     join pg_class c on c.oid = t.oid and c.relrowsecurity
     join pg_proc f on f.pronamespace = $2::regnamespace and t.functions ? f.proname
     join pg_roles o on o.oid = f.proowner
     where not o.rolsuper and not o.rolbypassrls
       and not (pg_has_role(o.oid, c.relowner, 'usage') and not c.relforcerowsecurity)
     group by t.category, o.rolname`,
    [JSON.stringify(tables), quoteIdentifier(schema)],
  );
  return hidden.map(({ category, tables: names, owner }) => ({
    severity: 'fault' as const,
    aggregate: category,
    problem: `capture looks rows up as ${quoteIdentifier(owner)}, the owner of its functions, and row-level security of ${names} may hide some from that role: first events and TRUNCATE may lack them`,
    remedy: `ALTER ROLE ${quoteIdentifier(owner)} BYPASSRLS; then npx backstory verify ${category}, as a role that sees every row`,
  }));
}
