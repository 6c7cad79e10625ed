import type { EventPublisher } from '@backstory/adapter';

/** Takes nothing, and never will. */
export const publisher: EventPublisher = {
  publish: () => Promise.reject(Object.assign(new Error('the broker refuses'), { transient: false })),
};
