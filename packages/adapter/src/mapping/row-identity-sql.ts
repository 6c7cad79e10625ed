import { quoteIdentifier } from '../database/index.js';
import type { ColumnMapping, EntityMapping } from './entity-mapping.js';
import { rootKeySql, type RowSource, tableOf } from './ownership-sql.js';
import { printedSql } from './row-sql.js';

const timestamptz = 1184;

/** The id of the row behind `alias` among those of its table; see `streamId` for the form. */
export function rowIdSql({ key }: EntityMapping, alias: string): string {
  return idSql(
    key,
    key.map(({ column }) => `${alias}.${quoteIdentifier(column)}`),
  );
}

/** The id of the stream of the row behind `alias`: its own id, or that of its root; null for a part without one. */
export function streamIdSql(mapping: EntityMapping, alias: string, rowsOf: RowSource = tableOf): string {
  if (!mapping.part) return rowIdSql(mapping, alias);
  return idSql(mapping.part.root.key, rootKeySql(mapping, alias, rowsOf));
}

/** The id as rows have it, of what somebody has written as one: it goes through the types of the key. */
export function canonicalIdSql({ key }: EntityMapping, parameter: string): string {
  if (key.length === 1)
    return idSql(
      key,
      key.map(({ sqlType }) => `cast(cast(${parameter} as text) as ${sqlType})`),
    );
  const parts = key.map(
    ({ sqlType }, index) =>
      `cast(replace(replace(split_part(${parameter}, ':', ${index + 1}), '%3A', ':'), '%25', '%') as ${sqlType})`,
  );
  return idSql(key, parts);
}

function idSql(key: readonly ColumnMapping[], values: readonly string[]): string {
  const parts = key.map((column, index) => keyTextSql(column, values[index] as string));
  if (parts.length === 1) return `(${parts[0]} collate "C")`;
  const escaped = parts.map((part) => `replace(replace(${part}, '%', '%25'), ':', '%3A')`);
  return `((${escaped.join(` || ':' || `)}) collate "C")`;
}

function keyTextSql(key: ColumnMapping, value: string): string {
  // Entity queries select it, too: in any TimeZone, and where TypeORM would take "::text" for its parameter "text".
  // Without a backslash: what it means depends on the session's standard_conforming_strings.
  if (key.typeOid === timestamptz)
    return `(case when isfinite(${value}) then replace((to_json(timezone('UTC', ${value})) #>> '{}') || '+00:00', ' BC+00:00', '+00:00 BC') else cast(${value} as text) end)`;
  if (key.kind === 'datetime') return `(to_json(${value}) #>> '{}')`;
  return key.kind === 'text' || key.kind === 'string' ? printedSql(key, value) : `cast(${value} as text)`;
}
