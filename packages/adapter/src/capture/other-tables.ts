import { quoteIdentifier, quoteLiteral, quoteTable, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { NamedTable } from '../mapping/index.js';

/** An aggregate whose entity is in another table, by now, than the one that is captured. */
export interface OtherTable {
  readonly category: string;
  /** `CAPTURE_OUTDATED` for another one, `MISSING_TABLE` where there is none any more. */
  readonly code: 'CAPTURE_OUTDATED' | 'MISSING_TABLE';
  readonly problem: string;
  readonly remedy: string;
  /** Both, where it is a result and no error. */
  readonly reason: string;
}

export function refuseOtherTable({ code, problem, remedy }: OtherTable): never {
  throw new BackstoryError(code, `${problem}.`, remedy);
}

interface Found extends NamedTable {
  /** Whether there is a table where the entity looks for one. */
  readonly there: boolean;
  /** Where the captured table is by now; null where it is gone. */
  readonly boundSchema: string | null;
  readonly boundName: string | null;
}

/**
 * What this instance calls by a name that leads to another table than the captured one: swapped, moved away and made
 * again, renamed, or dropped. What is said of the captured table would be said of rows that the application doesn't have. A view in
 * its place is not meant, behind which the captured table may be. One query.
 */
export async function otherTables(
  sql: SqlExecutor,
  schema: string,
  named: readonly NamedTable[],
): Promise<OtherTable[]> {
  const aggregates = `${quoteIdentifier(schema)}.aggregates`;
  const found = await sql.execute<Found>(
    `select m.category, m.part, m.entity, m.schema, m.name, c.oid is not null as there, bn.nspname as "boundSchema", b.relname as "boundName"
     from jsonb_to_recordset($1::jsonb) as m (category text, part text, entity text, schema text, name text)
     join ${aggregates} a on a.category = m.category and a.part = m.part
     left join (pg_class c join pg_namespace n on n.oid = c.relnamespace)
       on n.nspname = m.schema and c.relname = m.name and c.relkind in ('r', 'p')
     left join (pg_class b join pg_namespace bn on bn.oid = b.relnamespace) on b.oid = a.table_oid
     where a.fingerprint is not null and a.bound_in = ${quoteLiteral(aggregates)}::regclass
       and c.oid is distinct from a.table_oid
       and (c.oid is not null or b.oid is null
            or not exists (select from pg_class v join pg_namespace vn on vn.oid = v.relnamespace where vn.nspname = m.schema and v.relname = m.name))`,
    [JSON.stringify(named)],
  );
  return found.map(asOtherTable);
}

function asOtherTable({ category, entity, boundSchema, boundName, there, ...name }: Found): OtherTable {
  const table = quoteTable(name);
  const bound =
    boundSchema === null || boundName === null
      ? undefined
      : quoteTable({ schema: boundSchema, name: boundName });
  if (!there && bound === undefined) {
    const problem = `${table} of entity "${entity}" is gone`;
    const remedy = `npx backstory stage ${category} off ends its capture.`;
    return { category, reason: problem, problem, remedy, code: 'MISSING_TABLE' };
  }
  const { problem, remedy } = there
    ? {
        problem: `${table} of entity "${entity}" is another table than the one that is captured, which is ${bound === undefined ? 'gone' : `${bound} now`}`,
        remedy: 'npx backstory install captures it and settles its streams.',
      }
    : {
        problem: `${table} of entity "${entity}" isn't there: the table that is captured is called ${bound as string} now`,
        remedy: 'Name it so in the entity, or give the table its name back.',
      };
  const reason = `${problem}. ${remedy.replace(/\.$/, '')}`;
  return { category, reason, problem, remedy, code: 'CAPTURE_OUTDATED' };
}
