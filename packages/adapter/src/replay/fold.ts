import { ReplayError } from '../errors.js';
import { type EventData, type RecordedEvent, streamName } from '../event/index.js';

/**
 * Folds a stream's events, in order and from its first, into the state after the last.
 * @returns undefined when the stream is empty or the last change was a deletion
 * @throws ReplayError when a position is missing
 */
export function fold(
  category: string,
  events: readonly Pick<RecordedEvent, 'streamId' | 'streamPosition' | 'change' | 'data'>[],
): EventData | undefined {
  let state: Record<string, unknown> | undefined;
  let expected = 1;
  for (const { streamId, streamPosition, change, data } of events) {
    if (streamPosition !== expected) {
      throw new ReplayError(
        streamName(category, streamId),
        `position ${expected} was expected and ${streamPosition} was found`,
      );
    }
    expected++;
    if (change === 'deleted') state = undefined;
    // Without a prototype a property may have any name, also __proto__.
    else if (change === 'created' || !state) state = Object.assign(Object.create(null), data) as typeof state;
    else Object.assign(state, data);
  }
  return state;
}
