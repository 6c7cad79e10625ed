import { setMaxListeners } from 'node:events';
import type { RecordedEvent } from '../../event/index.js';
import { brokerUnavailable, PublishError } from './publish-error.js';

export interface OrderedPublishing {
  /** Events under way at the same time, each of another stream. */
  readonly maxInFlight: number;
  readonly signal: AbortSignal;
  /** Resolves when the broker has confirmed it. The signal tells it to give up. */
  readonly publish: (event: RecordedEvent, signal: AbortSignal) => Promise<void>;
}

/** How long what is under way may still be confirmed when the relay stops. */
const graceMs = 1000;

/**
 * Publishes events so that no broker can turn the order of a stream around: the next event of a stream goes out when the
 * one before is confirmed, streams go side by side. After a failure those before it are still brought to their end, so
 * that the error's `event` says it all: everything before it is confirmed.
 * @throws PublishError of the first event that isn't confirmed
 */
export async function publishInOrder(
  events: readonly RecordedEvent[],
  { maxInFlight, signal, publish }: OrderedPublishing,
): Promise<void> {
  const giveUp = new AbortController();
  setMaxListeners(maxInFlight, giveUp.signal);
  const queue = new StreamQueue(events);
  let failure: { readonly index: number; readonly error: unknown } | undefined;
  let inFlight = 0;
  let settled: () => void = () => undefined;
  let grace: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    grace = setTimeout(() => giveUp.abort(signal.reason), graceMs);
  };
  signal.addEventListener('abort', onAbort, { once: true });

  const launch = (index: number): void => {
    inFlight++;
    publish(events[index] as RecordedEvent, giveUp.signal)
      .then(
        () => queue.done(index),
        (error: unknown) => {
          if (!failure || index < failure.index) failure = { index, error };
        },
      )
      .finally(() => {
        inFlight--;
        settled();
      });
  };

  try {
    for (;;) {
      while (inFlight < maxInFlight && !signal.aborted) {
        const next = queue.next(failure?.index);
        if (next === undefined) break;
        launch(next);
      }
      if (inFlight === 0) break;
      await new Promise<void>((resolve) => (settled = resolve));
    }
  } finally {
    clearTimeout(grace);
    signal.removeEventListener('abort', onAbort);
  }
  const first = Math.min(failure?.index ?? events.length, queue.firstWaiting());
  if (first === events.length) return;
  throw named(failure?.index === first ? failure.error : stopped(signal), events[first] as RecordedEvent);
}

function stopped(signal: AbortSignal): PublishError {
  return brokerUnavailable('The relay was stopped before the broker had everything', signal.reason);
}

function named(error: unknown, event: RecordedEvent): PublishError {
  const found =
    error instanceof PublishError ? error : brokerUnavailable('The broker could not be reached', error);
  found.event = event;
  return found;
}

/** The events of a batch: each waits for the one before it in its stream. */
class StreamQueue {
  /** Of those that may go, ascending. */
  private readonly ready: number[] = [];
  private readonly follower = new Map<number, number>();
  private readonly waiting = new Set<number>();

  constructor(events: readonly RecordedEvent[]) {
    const last = new Map<string, number>();
    events.forEach(({ category, streamId }, index) => {
      const stream = `${category}-${streamId}`;
      const before = last.get(stream);
      if (before === undefined) this.ready.push(index);
      else this.follower.set(before, index);
      last.set(stream, index);
      this.waiting.add(index);
    });
  }

  /** The first that may go, of those before a limit. */
  next(limit = Infinity): number | undefined {
    const [first] = this.ready;
    if (first === undefined || first >= limit) return undefined;
    return this.ready.shift();
  }

  done(index: number): void {
    this.waiting.delete(index);
    const next = this.follower.get(index);
    if (next === undefined) return;
    const place = this.ready.findIndex((other) => other > next);
    this.ready.splice(place === -1 ? this.ready.length : place, 0, next);
  }

  /** In the order of the batch; behind the last one when everything is confirmed. */
  firstWaiting(): number {
    const [first] = this.waiting;
    return first ?? Infinity;
  }
}
