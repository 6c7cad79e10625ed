import { type EventMetadata, markOf, type UpcastableEvent, valuesOf } from '../event/index.js';
import type { EvolvedEvents } from './evolved-events.js';
import { partPathsIn, traceValues } from './trace-values.js';
import { requireKnownVersion, throughUpcasters, typeOfToday, withNamesOfToday } from './upcast-data.js';

/**
 * An event as the code of today knows it: under today's category and type, its data through the chain of upcasters, version
 * by version, and under today's names of properties. The event itself isn't changed; one that is of today is returned as it is.
 * @throws ReplayError for an event of a newer version than the code knows, or one that its upcaster fails on
 */
export function upcast<Event extends UpcastableEvent>(evolution: EvolvedEvents, event: Event): Event {
  const { knownAs, schemaVersion, renamedTypes } = evolution;
  requireKnownVersion(evolution, event);
  const type = typeOfToday(renamedTypes, event.type);
  const current = { ...event, category: knownAs, type };
  const data = withNamesOfToday(evolution, throughUpcasters(evolution, current), event.change);
  if (data === event.data && type === event.type && knownAs === event.category) {
    return event.schemaVersion === schemaVersion ? event : { ...event, schemaVersion };
  }
  return { ...current, ...marksOfToday(evolution, event), data, schemaVersion };
}

/** What was erased goes by its name of today, too. */
function marksOfToday(evolution: EvolvedEvents, event: UpcastableEvent): { metadata?: EventMetadata } {
  const { metadata } = event as { metadata?: EventMetadata };
  if (!metadata?.erased) return {};
  const marks = new Set(metadata.erased);
  const values = valuesOf(event.data, partPathsIn(evolution, event)).map(([path]) => path);
  const erased = traceValues(
    evolution,
    event,
    values.filter((path) => marks.has(markOf(path))),
  );
  return { metadata: { ...metadata, erased: erased.map(markOf) } };
}
