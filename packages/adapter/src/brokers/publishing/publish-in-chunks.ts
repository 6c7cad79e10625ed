import type { RecordedEvent } from '../../event/index.js';
import { brokerUnavailable, PublishError } from './publish-error.js';

export interface ChunkedPublishing<Encoded> {
  /** Events in one request, at most. */
  readonly most: number;
  /** Bytes of one request, at most; one event always goes whole. */
  readonly mostBytes: number;
  readonly signal: AbortSignal;
  /** Only events of the same target share a request. */
  readonly targetOf: (event: RecordedEvent) => string;
  readonly encode: (event: RecordedEvent) => { readonly bytes: number; readonly encoded: Encoded };
  /** Resolves when all of them are safe. */
  readonly send: (target: string, chunk: readonly Encoded[]) => Promise<void>;
  /** Whether the error is of what one of them is: then they go one by one, to see which. */
  readonly isRefusal: (error: unknown) => boolean;
  /** What the error means for an event, where it is no PublishError yet. */
  readonly inWords: (error: unknown, target: string, event: RecordedEvent) => PublishError;
}

/** Publishes events in requests of several, one request after the other, so that their order holds. @throws PublishError that names its event */
export async function publishInChunks<Encoded>(
  events: readonly RecordedEvent[],
  options: ChunkedPublishing<Encoded>,
): Promise<void> {
  const { most, mostBytes, signal, targetOf, encode, send, isRefusal, inWords } = options;
  for (let first = 0; first < events.length;) {
    const start = events[first] as RecordedEvent;
    const target = targetOf(start);
    const chunk: Encoded[] = [];
    try {
      signal.throwIfAborted();
      for (let bytes = 0; chunk.length < most;) {
        const event = events[first + chunk.length];
        if (!event || targetOf(event) !== target) break;
        const next = encode(event);
        bytes += next.bytes;
        if (chunk.length > 0 && bytes > mostBytes) break;
        chunk.push(next.encoded);
      }
      await send(target, chunk);
    } catch (error) {
      if (!isRefusal(error) || chunk.length <= 1) throw named(error, start, target, inWords);
      await publishInChunks(events.slice(first, first + chunk.length), { ...options, most: 1 });
    }
    first += chunk.length;
  }
}

function named(
  error: unknown,
  event: RecordedEvent,
  target: string,
  inWords: ChunkedPublishing<never>['inWords'],
): PublishError {
  const found =
    error instanceof PublishError
      ? error
      : (error as Error | null)?.name === 'AbortError'
        ? brokerUnavailable('The relay was stopped before the broker had everything', error)
        : inWords(error, target, event);
  found.event ??= event;
  return found;
}
