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
  const tables = captured.flatMap((root) => {
    const [lookup] = lookups(root);
    if (!lookup) return [];
    return [root, ...root.parts].map((mapping) => ({
      category: root.category,
      ...lookup,
      oid: mapping.table.oid,
      name: quoteTable(mapping.table),
      functions: captureFunctions(mapping),
    }));
  });
  if (tables.length === 0) return [];
  const hidden = await sql.execute<Lookup & { category: string; tables: string; owner: string }>(
    `select t.category, t.severity, t.what, string_agg(distinct t.name, ', ') as tables, quote_ident(o.rolname) as owner
     from jsonb_to_recordset($1::jsonb) as t (category text, severity text, what text, oid oid, name text, functions jsonb)
     join pg_class c on c.oid = t.oid and c.relrowsecurity
     join pg_proc f on f.pronamespace = $2::regnamespace and t.functions ? f.proname
     join pg_roles o on o.oid = f.proowner
     where not o.rolsuper and not o.rolbypassrls
       and not (pg_has_role(o.oid, c.relowner, 'usage') and not c.relforcerowsecurity)
     group by t.category, t.severity, t.what, o.rolname`,
    [JSON.stringify(tables), quoteIdentifier(schema)],
  );
  return hidden.map(({ category, severity, what, tables: names, owner }) => ({
    severity,
    aggregate: category,
    problem: `capture looks rows up as ${owner}, the owner of its functions, and row-level security of ${names} may hide some from that role: ${what}`,
    remedy: `ALTER ROLE ${owner} BYPASSRLS; then npx backstory verify ${category}, as a role that sees every row`,
  }));
}

interface Lookup {
  readonly severity: Finding['severity'];
  /** What comes of rows that are not seen. */
  readonly what: string;
}

/** What capture looks up, the worst first. TRUNCATE of a table without partitions needs nothing: every stream ends, seen or not. */
function lookups({ parts, reentrant, partitions }: EntityMapping): Lookup[] {
  const tables = [{ reentrant, partitions }, ...parts];
  return [
    ...(parts.some(({ part }) => part.parent.part)
      ? [{ severity: 'fault' as const, what: 'changes beneath a part that is hidden are in no event' }]
      : []),
    ...(tables.some((table) => table.reentrant)
      ? [
          {
            severity: 'fault' as const,
            what: 'changes that triggers make to a row again may be in the wrong order',
          },
        ]
      : []),
    ...(parts.length > 0
      ? [
          {
            severity: 'hint' as const,
            what: 'a first event that is written by a change, before the backfill, may lack parts',
          },
        ]
      : []),
    ...(tables.some((table) => table.partitions.length > 0)
      ? [{ severity: 'hint' as const, what: 'TRUNCATE of a partition by its name ends no stream of theirs' }]
      : []),
  ];
}
