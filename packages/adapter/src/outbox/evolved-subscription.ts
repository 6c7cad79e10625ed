import type { RecordedEvent } from '../event/index.js';
import type { EventEvolution } from './event-evolution.js';
import { EventFailure, type Subscription } from './subscription.js';

/** A subscription that is given events as the code of today knows them. One that can't be upcast is its handler's failure. */
export function evolvedSubscription(subscription: Subscription, evolution: EventEvolution): Subscription {
  return {
    ...subscription,
    filter: evolution.withStoredNames(subscription.filter),
    handle: async (events, unit) => {
      const current: RecordedEvent[] = [];
      for (const event of events) {
        try {
          current.push(evolution.upcast(event));
        } catch (error) {
          if (current.length === 0) throw new EventFailure(event, error);
          // those before it come first
          break;
        }
      }
      try {
        return await subscription.handle(current, unit);
      } catch (error) {
        if (!(error instanceof EventFailure)) throw error;
        throw new EventFailure(events[current.indexOf(error.event)] ?? error.event, error.cause);
      }
    },
  };
}
