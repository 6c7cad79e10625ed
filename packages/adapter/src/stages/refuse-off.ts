import { BackstoryError } from '../errors.js';

/** What is asked of an aggregate that is off can't be done, because of `why`. @throws BackstoryError STAGE_REFUSED */
export function refuseOff(category: string, why: string): never {
  throw new BackstoryError(
    'STAGE_REFUSED',
    `"${category}" is off: ${why}.`,
    `Move it to capture first: npx backstory stage ${category} capture`,
  );
}
