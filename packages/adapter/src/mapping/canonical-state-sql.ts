import { quoteLiteral } from '../database/index.js';
import type { EntityMapping } from './entity-mapping.js';
import { jsonbSql } from './row-sql.js';
import { settledStateSql } from './settled-state.js';

/**
 * A text that two states have in common exactly when they agree in every property that the entity has today, missing ones
 * told apart from null. Of the jsonb expression `state`, settled; what else it holds, such as the data of a scope, is left out.
 */
export function canonicalStateSql(mapping: EntityMapping, state: string): string {
  const settled = settledStateSql(mapping, 'x.state');
  const values = mapping.columns.map(({ property }) => `y.state -> ${quoteLiteral(property)}`);
  const text = `row(${values.join(', ')})::text`;
  return settled === 'x.state'
    ? text.replaceAll('y.state', state)
    : `(select ${text} from (select ${settled} as state from (select ${state} as state) x) y)`;
}

/** The same of the row behind `alias`. */
export function canonicalRowSql({ columns }: EntityMapping, alias: string): string {
  return `row(${columns.map((column) => `coalesce(${jsonbSql(column, alias)}, 'null')`).join(', ')})::text`;
}
