import { quoteIdentifier } from '../database/index.js';
import { type EntityMapping, streamIdSql } from '../mapping/index.js';

/** By the columns' own equality, unless it takes two ids for one: a join of texts takes longer. */
export function isSameKeySql(mapping: EntityMapping): string {
  if (!mapping.key.every(({ exactEquality }) => exactEquality))
    return `${streamIdSql(mapping, 'o')} = ${streamIdSql(mapping, 'n')}`;
  return mapping.key
    .map(({ column }) => `o.${quoteIdentifier(column)} = n.${quoteIdentifier(column)}`)
    .join(' and ');
}
