import type { ConsumerStatus } from '../outbox/index.js';

/** How many events a consumer has still to get, as well as it is known: `12`, `more than 10000`, `at most 300`. */
export function behindInWords({ due, lag }: Pick<ConsumerStatus, 'due' | 'lag'>): string {
  if (!due) return lag === 0 ? '0' : `at most ${lag}`;
  return due.more ? `more than ${due.events}` : String(due.events);
}
