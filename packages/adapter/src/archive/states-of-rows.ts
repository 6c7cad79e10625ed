import { quoteIdentifier, quoteTable } from '../database/index.js';
import { aggregateStateSql, type EntityMapping, rowsOfStreamsSql, streamIdSql } from '../mapping/index.js';
import type { StatesSource } from './write-stand-ins.js';

/** The states of living streams: those of their locked rows. */
export function statesOfRows(mapping: EntityMapping, schema: string): StatesSource {
  const { state, joins } = aggregateStateSql(mapping, 'chunk');
  return {
    before: `with chunk as materialized (
       select t.* from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$1')}
     )`,
    joins: `join chunk on ${streamIdSql(mapping, 'chunk')} = m.id collate "C"
     ${joins}
     cross join lateral (select ${state} as state) c`,
    marks: `array(select r.mark from ${quoteIdentifier(schema)}.redacted_values(c.state, m.erased) r)`,
    values: [],
  };
}
