import type { EventData, RecordedEvent } from '../event/index.js';

/** What the aggregates of some events were before each of them; null where there was none, and nothing of an event of which it isn't known. */
export type ValuesBefore = (
  events: readonly RecordedEvent[],
) => Promise<ReadonlyMap<RecordedEvent, EventData | null>>;

/** The events as handlers get them, in the same order: with what was before where they ask for it and it is known. */
export async function toldBefore(
  events: readonly RecordedEvent[],
  valuesBefore: ValuesBefore | undefined,
): Promise<readonly RecordedEvent[]> {
  if (!valuesBefore) return events;
  const befores = await valuesBefore(events);
  return events.map((event) => {
    const before = befores.get(event);
    return before === undefined ? event : { ...event, before };
  });
}
