import { BackstoryError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';

/** Of what evolve has made of an entity, and can't be written. */
export function refusedChange({ knownAs }: EntityMapping, what: string, remedy: string): BackstoryError {
  return new BackstoryError('COMMAND_REFUSED', `evolve of "${knownAs}" ${what}.`, remedy);
}
