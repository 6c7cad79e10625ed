import type { RecordedEvent } from '../event/index.js';
import { operate } from '../observation/index.js';
import { EventFailure, type Subscription } from './subscription.js';

/** The same subscription, whose batches are told to whoever listens. */
export function observedSubscription(subscription: Subscription): Subscription {
  return {
    ...subscription,
    handle: (events, unit) =>
      operate(
        () => ({
          name: 'deliver',
          attributes: { consumer: subscription.name, events: events.length, attempt: unit.attempt },
          traceparents: tracesOf(events),
        }),
        () => subscription.handle(events, unit),
        (handled) => ({ handled }),
        (error) => ({ handled: subscription.transactional ? 0 : handledBefore(events, error) }),
      ),
  };
}

/** Those before the one that has failed; in a transaction they are rolled back with it, and handled again. */
function handledBefore(events: readonly RecordedEvent[], error: unknown): number {
  return error instanceof EventFailure ? Math.max(0, events.indexOf(error.event)) : 0;
}

/** Each once: a request often makes several events. */
function tracesOf(events: readonly RecordedEvent[]): string[] {
  return [...new Set(events.flatMap(({ metadata }) => metadata.traceparent ?? []))];
}
