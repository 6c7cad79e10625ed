import type { ColumnMapping, EntityMapping } from './entity-mapping.js';
import { quoteIdentifier } from '../database/index.js';
import { belongsToSql } from './ownership-sql.js';

/**
 * A condition for the rows behind `alias` whose stream ids are in the text[] parameter, through the index of their key:
 * an id is taken apart again as `streamIdSql` has put it together.
 */
export function rowsOfStreamsSql(mapping: EntityMapping, alias: string, parameter: string): string {
  const rootKey = mapping.part?.root.key ?? mapping.key;
  return belongsToSql(mapping, alias, (values) => hasIdSql(rootKey, values, parameter));
}

/** The same for rows of one table, by their ids in it. */
export function rowsByIdSql({ key }: EntityMapping, alias: string, parameter: string): string {
  return hasIdSql(
    key,
    key.map(({ column }) => `${alias}.${quoteIdentifier(column)}`),
    parameter,
  );
}

function hasIdSql(key: readonly ColumnMapping[], values: readonly string[], parameter: string): string {
  const [first, ...others] = key as [ColumnMapping, ...ColumnMapping[]];
  if (others.length === 0) return `${values[0]} = any (${parameter}::text[]::${first.sqlType}[])`;
  const parts = key.map(
    ({ sqlType }, index) =>
      `replace(replace(split_part(id, ':', ${index + 1}), '%3A', ':'), '%25', '%')::${sqlType}`,
  );
  return `(${values.join(', ')}) in (select ${parts.join(', ')} from unnest(${parameter}::text[]) id)`;
}
