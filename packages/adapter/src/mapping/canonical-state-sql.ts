import { quoteLiteral } from '../database/index.js';
import type { EntityMapping } from './entity-mapping.js';
import { jsonbSql } from './row-sql.js';
import { settledStateSql } from './settled-state.js';

/**
 * A text that two states have in common exactly when they agree in every property that the entity has today; a missing one is
 * null. Of the jsonb expression `state`, settled; what else it holds, such as the data of a scope, is left out.
 * `offset 0` keeps it from being settled anew for each property.
 */
export function canonicalStateSql(mapping: EntityMapping, schema: string, state: string): string {
  const settled = settledStateSql(mapping, schema, 'x.state');
  const text = (of: string): string => {
    const values = mapping.columns.map(
      ({ property }) => `coalesce(${of} -> ${quoteLiteral(property)}, 'null')`,
    );
    return `row(${values.join(', ')})::text`;
  };
  return settled === 'x.state'
    ? text(state)
    : `(select ${text('y.state')} from (select ${settled} as state from (select ${state} as state) x offset 0) y)`;
}

/** The same of the row behind `alias`. */
export function canonicalRowSql({ columns }: EntityMapping, alias: string): string {
  return `row(${columns.map((column) => `coalesce(${jsonbSql(column, alias)}, 'null')`).join(', ')})::text`;
}
