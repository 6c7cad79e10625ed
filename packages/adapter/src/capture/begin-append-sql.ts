import { createHash } from 'node:crypto';
import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/index.js';
import { type EntityMapping, rowsOfStreamsSql, streamIdSql, tableOf } from '../mapping/index.js';
import { firstEventsSql } from './first-events-sql.js';
import { isNumberedAtCommit, numberedAtCommit, numberedAtWrite, type StreamTables } from './stream-tables.js';

/** The function for a category, as `beginning_of()` in SQL finds it. */
export function beginAppendFunction(schema: string, category: string): string {
  const name = `begin_append_${createHash('sha256').update(category).digest('hex').slice(0, 32)}`;
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}(text)`;
}

/**
 * The body of the function that an append to an aggregate's stream begins with: whether the row is there, whether the aggregate has
 * parts, and whether the stream has got its first event just now. The row of an aggregate without parts is locked, as an UPDATE
 * of it would: so its events have their order. `survivor` is the aggregate as capture reads its tables.
 */
export function beginAppendSql(
  { table, key }: EntityMapping,
  survivor: EntityMapping,
  schema: string,
): (tableOid: number) => string {
  const ofParts = isNumberedAtCommit(survivor);
  const isTheRow = (alias: string): string =>
    `${rowsOfStreamsSql({ ...survivor, key }, alias, 'array[$1]')} and ${streamIdSql(survivor, alias)} = $1`;
  const begin = (tables: StreamTables): string => `begun := not exists (
      select from ${tables.visible} v where v.category = ${quoteLiteral(survivor.category)} and v.stream_id = $1);
    if begun then
${firstEventsSql(survivor, tables, `(select t.* from ${tableOf(survivor)} t where ${isTheRow('t')})`)}
    end if;`;
  const name = quoteIdentifier(schema);
  const stream = `concat(${quoteLiteral(`${survivor.category}-`)}, $1)`;
  const begins = ofParts
    ? `if current_setting('transaction_isolation') = 'serializable' then
    perform ${name}.take_locks('ends', array[${name}.lock_of(${stream})]);
    ${begin(numberedAtWrite(schema))}
  else
    ${begin(numberedAtCommit(schema))}
  end if;`
    : begin(numberedAtWrite(schema));
  return (tableOid) => `
#variable_conflict use_column
begin
  of_parts := ${ofParts};
  begun := false;
  if to_regclass(${quoteLiteral(quoteTable(table))}) is distinct from ${tableOid}::oid::regclass then
    raise exception 'Backstory captures %, which is another table by now: run "npx backstory install"', ${quoteLiteral(quoteTable(table))}
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  perform from ${quoteTable(table)} t where ${isTheRow('t')}${ofParts ? '' : ' for no key update of t'};
  has_row := found;
  if not has_row then
    if row_security_active(${tableOid}::oid) then
      raise exception 'a policy may hide row % of % from %', $1, ${quoteLiteral(quoteTable(table))}, current_user
        using errcode = 'insufficient_privilege', hint = 'Let the role that owns the capture functions see every row: ALTER ROLE ... BYPASSRLS.';
    end if;
    return;
  end if;
  ${begins}
end `;
}
