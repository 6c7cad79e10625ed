import type { EventData, RecordedEvent } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { traceValues } from '../upcasting/index.js';

/** The properties of a stored event that nothing in its data of today comes from; nothing where there are none. */
export function droppedValues(root: EntityMapping, event: RecordedEvent): { dropped?: EventData } {
  const dropped = Object.entries(event.data).filter(
    ([name, value]) => value !== null && traceValues(root, event, [[name]]).length === 0,
  );
  return dropped.length > 0 ? { dropped: Object.fromEntries(dropped) } : {};
}
