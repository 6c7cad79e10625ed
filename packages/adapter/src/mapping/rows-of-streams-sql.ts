import { quoteIdentifier } from '../database/index.js';
import type { ColumnMapping, EntityMapping } from './entity-mapping.js';

/**
 * A condition for the rows behind `alias` whose stream ids are in the text[] parameter, through the index of their key:
 * an id is taken apart again as `streamIdSql` has put it together.
 */
export function rowsOfStreamsSql(mapping: EntityMapping, alias: string, parameter: string): string {
  const columns = mapping.key.map((key) => `${alias}.${quoteIdentifier(key.column)}`);
  const [key, ...others] = mapping.key as [ColumnMapping, ...ColumnMapping[]];
  if (others.length === 0) return `${columns[0]} = any (${parameter}::text[]::${key.sqlType}[])`;
  const parts = mapping.key.map(
    ({ sqlType }, index) =>
      `replace(replace(split_part(id, ':', ${index + 1}), '%3A', ':'), '%25', '%')::${sqlType}`,
  );
  return `(${columns.join(', ')}) in (select ${parts.join(', ')} from unnest(${parameter}::text[]) id)`;
}
