import { quoteLiteral } from '../database/index.js';
import type { EventData } from '../event/index.js';
import type { EntityMapping } from './entity-mapping.js';

/**
 * A replayed state under the names and with the defaults of today: what old events call by a former name is taken over,
 * and what they don't know yet gets its declared default. {@link settledStateSql} does the same in SQL.
 */
export function settledState({ renamed, defaults }: EntityMapping, state: EventData): EventData {
  const missing: Record<string, unknown> = {};
  for (const [property, value] of Object.entries(defaults)) {
    if (!Object.hasOwn(state, property)) missing[property] = value;
  }
  for (const [former, property] of Object.entries(renamed)) {
    if (!Object.hasOwn(state, property) && Object.hasOwn(state, former)) missing[property] = state[former];
  }
  return Object.keys(missing).length === 0 ? state : { ...state, ...missing };
}

/** The jsonb expression `state`, settled. */
export function settledStateSql({ renamed, defaults }: EntityMapping, state: string): string {
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
