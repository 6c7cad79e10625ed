import { InvalidOptionsError } from '../errors.js';

/** Which events are wanted; all of the log when nothing is said. */
export interface EventSearch {
  /** An aggregate, or a category without one, such as a topic. */
  category?: string;
  /** Under today's name or the one that it was recorded by. */
  type?: string;
  actor?: string;
  correlationId?: string;
  /** The whole id. */
  streamId?: string;
  /** Recorded at this moment or later. */
  from?: Date;
  /** Recorded at this moment or before. */
  to?: Date;
  /** Only events before this position of the log: `next` of the page before. */
  before?: string;
  /** Only events behind this position of the log: those that have come since. */
  after?: string;
}

/** @throws InvalidOptionsError */
export function requireSearch(search: EventSearch): void {
  for (const name of ['before', 'after'] as const) requirePosition(name, search[name]);
  for (const name of ['from', 'to'] as const) {
    if (search[name] && Number.isNaN(search[name].getTime()))
      throw new InvalidOptionsError(`${name} is no moment.`, 'Use one such as 2026-05-01T12:00:00Z.');
  }
  if (search.from && search.to && search.from > search.to)
    throw new InvalidOptionsError('The search ends before it begins.', 'Give "from" the earlier moment.');
}

/** @throws InvalidOptionsError */
export function requirePosition(name: string, position: string | undefined): void {
  if (position === undefined || (/^\d{1,19}$/.test(position) && BigInt(position) < 2n ** 63n)) return;
  throw new InvalidOptionsError(
    `${name}: "${position}" is no position in the log.`,
    'Use a whole number, as events have it.',
  );
}
