import type { EventData } from './recorded-event.js';

/** Where a value stands in the data of an event: a property, or that of a part behind its relation path and id. */
export type ValuePath = readonly [property: string] | readonly [path: string, id: string, property: string];

/** As a value is marked in `metadata.erased`; erase_events() says the same in SQL. */
export function markOf([first, id, property]: ValuePath): string {
  if (id === undefined || property === undefined) return first;
  return `${first}.${id.replaceAll('%', '%25').replaceAll('.', '%2E')}.${property}`;
}

/** The name of its property, whatever part has it: `name`, `lines.text`. */
export function propertyOf([first, , property]: ValuePath): string {
  return property === undefined ? first : `${first}.${property}`;
}

/** Every value that data hold, null or not. `paths` are those of parts. */
export function valuesOf(data: EventData, paths: readonly string[]): [path: ValuePath, value: unknown][] {
  return Object.entries(data).flatMap(([name, value]): [ValuePath, unknown][] => {
    if (!paths.includes(name)) return [[[name], value]];
    return Object.entries(value as Record<string, EventData | null>).flatMap(([id, patch]) =>
      Object.entries(patch ?? {}).map(([property, own]): [ValuePath, unknown] => [[name, id, property], own]),
    );
  });
}
