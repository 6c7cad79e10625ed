import { existsSync } from 'node:fs';
import type { EventPublisher } from '@backstory/adapter';

/** Confirms when there is a file that CONFIRMED_BY names. */
export const publisher: EventPublisher = {
  publish: async (_events, signal) => {
    while (!existsSync(process.env['CONFIRMED_BY'] ?? '')) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
};
