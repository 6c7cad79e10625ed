import { ReplayError } from '../errors.js';
import { streamName, type UpcastableEvent } from '../event/index.js';

/** The stream that is folded. */
export interface FoldedStream {
  readonly category: string;
  readonly streamId: string;
}

type PlacedEvent = Pick<UpcastableEvent, 'streamId' | 'streamPosition'>;

/** Whether an event is the next of its stream. Kept apart from the refusal: it is asked for each event that is folded. */
export function isNext({ streamId }: FoldedStream, event: PlacedEvent, expected: number): boolean {
  return event.streamPosition === expected && event.streamId === streamId;
}

/**
 * Whether a stream may begin with an event that isn't the next: the first of those that there are, where it holds the whole
 * state, or says that there is none any more. The ones before it are in the archive.
 */
export function beginsAnew(
  { streamId }: FoldedStream,
  event: PlacedEvent & Pick<UpcastableEvent, 'change'>,
  expected: number,
  [first]: readonly PlacedEvent[],
): boolean {
  const beginning = event === first && event.streamId === streamId && event.streamPosition > expected;
  return beginning && (event.change === 'created' || event.change === 'deleted');
}

/** @throws ReplayError that says where in its stream an event isn't the expected one, or else what is wrong with it */
export function refuseEvent(
  { category, streamId }: FoldedStream,
  event: PlacedEvent,
  expected: number,
  otherwise = '',
): never {
  const problem =
    event.streamId !== streamId
      ? `at position ${event.streamPosition} there is an event of "${streamName(category, event.streamId)}"`
      : event.streamPosition !== expected
        ? `position ${expected} was expected and ${event.streamPosition} was found`
        : `position ${expected} ${otherwise}`;
  throw new ReplayError(streamName(category, streamId), problem);
}
