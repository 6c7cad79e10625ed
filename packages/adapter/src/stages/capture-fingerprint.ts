import { quoteIdentifier, quoteLiteral } from '../database/index.js';

/**
 * An expression for what is captured of a category: the generated functions and the tables of its root and of every part whose
 * table is there. A proof counts as long as this is what it was. Null where something of it isn't captured.
 */
export function captureFingerprintSql(schema: string, category: string): string {
  const table = `${quoteIdentifier(schema)}.aggregates`;
  return `(select ${fingerprint} from ${table} a
    where a.category = ${category} and (a.part = '' or exists (select from pg_class c where c.oid = a.table_oid))
    having count(*) = count(a.fingerprint))`;
}

/** As {@link captureFingerprintSql}, of the tables alone that this instance knows: the same where it knows all of them. */
export function knownFingerprintSql(
  schema: string,
  category: string,
  tables: readonly { readonly part: string; readonly oid: number }[],
): string {
  const known = tables.map(({ part, oid }) => `(${quoteLiteral(part)}, ${oid}::oid)`).join(', ');
  return `(select ${fingerprint} from ${quoteIdentifier(schema)}.aggregates a
    where a.category = ${quoteLiteral(category)} and (a.part, a.table_oid) in (${known})
    having count(*) = count(a.fingerprint))`;
}

const fingerprint = `md5(string_agg(concat_ws(' ', a.part, a.fingerprint, a.table_oid), ',' order by a.part collate "C"))`;
