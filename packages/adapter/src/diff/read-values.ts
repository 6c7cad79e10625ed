import type { EventData } from '../event/index.js';
import { type EntityMapping, isHidden, settledState } from '../mapping/index.js';

/** How the values of one row are read from events: those of today's types, without what is hidden. */
export interface RowReader {
  readonly read: (data: EventData) => EventData;
  /** What a property is that old events don't know. */
  readonly defaults: EventData;
}

/** The same of a whole aggregate. */
export interface AggregateReader extends RowReader {
  /** Of its parts, by path. */
  readonly parts: ReadonlyMap<string, RowReader>;
}

const asItIs: RowReader = { read: (data) => data, defaults: {} };

/** Without a mapping values are as they stand in the events, and `paths` are those of parts. */
export function readerOf(
  mapping: EntityMapping | null | undefined,
  paths: readonly string[],
): AggregateReader {
  if (!mapping) return { ...asItIs, parts: new Map(paths.map((path) => [path, asItIs])) };
  return { ...ofRow(mapping), parts: new Map(mapping.parts.map((part) => [part.part.path, ofRow(part)])) };
}

function ofRow(mapping: EntityMapping): RowReader {
  return {
    read: (data) => {
      const settled = settledState(mapping, data);
      return Object.fromEntries(
        Object.keys(data)
          .filter((property) => !isHidden(mapping, property))
          .map((property) => [property, settled[property]]),
      );
    },
    defaults: mapping.defaults,
  };
}
