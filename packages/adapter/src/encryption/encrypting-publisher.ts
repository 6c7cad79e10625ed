import type { EventPublisher } from '../outbox/index.js';
import type { Encryptor } from './encryptor.js';

/** A publisher that is given events as they may leave the database. What can't be encrypted is not published. */
export function encryptingPublisher(publisher: EventPublisher, encryptor: Encryptor): EventPublisher {
  return {
    publish: async (events, signal) => {
      const encrypted = await encryptor.encrypt(events);
      try {
        await publisher.publish(encrypted, signal);
      } catch (error) {
        // the relay knows its own events
        const named = (error as { event?: unknown } | null)?.event;
        const original = events[encrypted.findIndex((event) => event === named)];
        if (original) (error as { event: unknown }).event = original;
        throw error;
      }
    },
    ...(publisher.close && { close: () => publisher.close?.() ?? Promise.resolve() }),
  };
}
