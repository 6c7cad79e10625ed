import type { RecordedEvent } from '../event/index.js';
import { callHandlers, type EventHandler } from './event-handler.js';
import { EventFailure, type Subscription } from './subscription.js';

/** Runs a handler so that what it writes says which event it follows. */
export type InContextOfEvent = <Result>(event: RecordedEvent, work: () => Result) => Result;

/** A batch ends after this time, so that its transaction is short and few events are repeated after a crash. */
const longestBatchMs = 1000;

/** One by one, each in the context of its event. */
export function byHandlers<Manager>(
  handlers: readonly EventHandler<Manager>[],
  inContext: InContextOfEvent,
  tables: Readonly<Record<string, string>> = {},
): Subscription['handle'] {
  return async (events, { attempt, signal, manager }) => {
    const end = performance.now() + longestBatchMs;
    let handled = 0;
    for (const event of events) {
      const delivery = { event, attempt, signal, manager: manager as Manager, tables };
      try {
        await inContext(event, () => callHandlers(handlers, delivery));
      } catch (error) {
        throw new EventFailure(event, error);
      }
      handled++;
      if (signal.aborted || performance.now() > end) break;
    }
    return handled;
  };
}

/** What takes events over as a whole, such as a broker: resolves when it has confirmed all of them. */
export interface EventPublisher {
  publish(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void>;
}

/** Whole batches, in order. */
export function byPublisher(publisher: EventPublisher): Subscription['handle'] {
  return async (events, { signal }) => {
    try {
      await publisher.publish(events, signal);
    } catch (error) {
      throw new EventFailure(events[0] as RecordedEvent, error);
    }
    return events.length;
  };
}

/** A broker that fails is down, unless the error says that it will never take this event (`transient: false`). */
export function isTransientOfPublisher(error: unknown): boolean {
  return (error as { transient?: unknown } | null)?.transient !== false;
}
