import type { EventData } from '../event/index.js';
import { type EntityMapping, isHidden, settledState } from '../mapping/index.js';
import type { AggregateState } from '../replay/index.js';
import { type ShownValue, shownValue } from './shown-value.js';

/** A property and its value, or nothing where there is no such property. */
export interface PropertyChange {
  readonly property: string;
  readonly before: ShownValue | null;
  readonly after: ShownValue | null;
}

/** All values of an aggregate by property, those of parts as `lines[7].quantity`. Without what is excluded. Undefined when it isn't there. */
export type FlatState = ReadonlyMap<string, unknown> | undefined;

/** Longest text of a value beside many others. */
const longestOfMany = 500;

/** Excluded properties are left out, also those that old events have from before they were excluded. */
export function flatState(mapping: EntityMapping, { root, parts }: AggregateState): FlatState {
  if (!root) return undefined;
  const flat = new Map(visibleValues(mapping, settledState(mapping, root)));
  for (const part of mapping.parts) {
    for (const [id, row] of parts.get(part.part.path) ?? []) {
      for (const [property, value] of visibleValues(part, settledState(part, row))) {
        flat.set(`${part.part.path}[${id}].${property}`, value);
      }
    }
  }
  return flat;
}

/** Its values by property, without what is excluded, in the order of the columns. */
export function visibleValues(mapping: EntityMapping, state: EventData): [string, unknown][] {
  const { columns, parts } = mapping;
  const paths = new Set(parts.map(({ part }) => part.path));
  const order = new Map(columns.map(({ property }, index) => [property, index]));
  const rank = ([property]: [string, unknown]): number => order.get(property) ?? order.size;
  return Object.entries(state)
    .filter(([property]) => !paths.has(property) && !isHidden(mapping, property))
    .sort((one, other) => rank(one) - rank(other));
}

/** What differs between two states, in the order of the columns. */
export function changesBetween(
  before: FlatState,
  after: FlatState,
  longest = longestOfMany,
): PropertyChange[] {
  const properties = new Set([...(after?.keys() ?? []), ...(before?.keys() ?? [])]);
  return [...properties].flatMap((property) => {
    const [old, now] = [before, after].map((state) =>
      state?.has(property) ? JSON.stringify(state.get(property)) : undefined,
    );
    if (old === now) return [];
    return [{ property, before: shown(before, property, longest), after: shown(after, property, longest) }];
  });
}

function shown(state: FlatState, property: string, longest: number): ShownValue | null {
  return state?.has(property) ? shownValue(state.get(property), longest) : null;
}
