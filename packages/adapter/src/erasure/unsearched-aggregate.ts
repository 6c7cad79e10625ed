import { BackstoryError } from '../errors.js';
import type { UnsearchedCategory } from './search-scope.js';

/** An aggregate has events, and this process can't read them as it would have to. */
export function unsearchedAggregate({ knownAs, reason }: UnsearchedCategory): BackstoryError {
  return new BackstoryError(
    'CAPTURE_OUTDATED',
    `"${knownAs}" can't be looked through: ${reason}.`,
    'Do it where its own application runs, or with the options of that one: --config, or --app.',
  );
}
