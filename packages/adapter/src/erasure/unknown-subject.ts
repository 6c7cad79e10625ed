import { BackstoryError } from '../errors.js';

/** Nothing was ever said of it, as far as anybody can tell: its key isn't marked as erased, which could never be undone. */
export function unknownSubject(name: string): BackstoryError {
  return new BackstoryError(
    'AGGREGATE_NOT_FOUND',
    `Nothing is known of "${name}": no event names it, no row and no event has its id, and there is no key of it.`,
    'Look whether the category and the id are right.',
  );
}
