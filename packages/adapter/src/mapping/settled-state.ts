import { quoteLiteral } from '../database/index.js';
import type { EventData } from '../event/index.js';
import { asType } from './as-type.js';
import { asTypeSql } from './as-type-sql.js';
import type { ColumnMapping, EntityMapping } from './entity-mapping.js';

/**
 * A replayed state as of today: what old events call by a former name is taken over, what they don't know yet gets its
 * declared default, and what was recorded under a former type has the form of today's. {@link settledStateSql} does the same
 * in SQL.
 */
export function settledState(mapping: EntityMapping, state: EventData): EventData {
  const named = namedState(mapping, state);
  const retyped = retypedColumns(mapping);
  if (retyped.length === 0) return named;
  const values = retyped
    .filter(({ property }) => Object.hasOwn(named, property))
    .map((column) => [column.property, asType(column, named[column.property])] as const);
  return { ...named, ...Object.fromEntries(values) };
}

function namedState({ renamed, defaults }: EntityMapping, state: EventData): EventData {
  const missing: Record<string, unknown> = {};
  for (const [property, value] of Object.entries(defaults)) {
    if (!Object.hasOwn(state, property)) missing[property] = value;
  }
  for (const [former, property] of Object.entries(renamed)) {
    if (!Object.hasOwn(state, property) && Object.hasOwn(state, former)) missing[property] = state[former];
  }
  return Object.keys(missing).length === 0 ? state : { ...state, ...missing };
}

const known = new WeakMap<EntityMapping, readonly ColumnMapping[]>();

/** Columns that have had another type; asked for with every state. */
function retypedColumns(mapping: EntityMapping): readonly ColumnMapping[] {
  let retyped = known.get(mapping);
  if (!retyped) {
    retyped = mapping.columns.filter(({ formerTypes }) => formerTypes.length > 0);
    known.set(mapping, retyped);
  }
  return retyped;
}

/** The jsonb expression `state`, settled; `schema` is Backstory's. */
export function settledStateSql(mapping: EntityMapping, schema: string, state: string): string {
  const named = namedStateSql(mapping, state);
  const retyped = retypedColumns(mapping).map((column) => {
    const property = quoteLiteral(column.property);
    const value = asTypeSql(column, schema, `(z.state -> ${property})`);
    return `case when z.state ? ${property} then jsonb_build_object(${property}, ${value}) else '{}' end`;
  });
  return retyped.length === 0
    ? named
    : `(select ${['z.state', ...retyped].join(' || ')} from (select ${named} as state offset 0) z)`;
}

function namedStateSql({ renamed, defaults }: EntityMapping, state: string): string {
  const additions = [
    ...Object.entries(defaults).map(
      ([property, value]) =>
        `case when ${state} ? ${quoteLiteral(property)} then '{}' else ${quoteLiteral(JSON.stringify({ [property]: value }))}::jsonb end`,
    ),
    ...Object.entries(renamed).map(
      ([former, property]) =>
        `case when ${state} ? ${quoteLiteral(property)} or not ${state} ? ${quoteLiteral(former)} then '{}' ` +
        `else jsonb_build_object(${quoteLiteral(property)}, ${state} -> ${quoteLiteral(former)}) end`,
    ),
  ];
  return additions.length === 0 ? state : `(${[state, ...additions].join(' || ')})`;
}
