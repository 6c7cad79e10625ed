import { InvalidOptionsError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';

/** They are code, which only the application's own configuration has. @throws InvalidOptionsError where it isn't known here */
export function requireUpcasters({ knownAs, foldsInSql, upcasters }: EntityMapping): void {
  if (foldsInSql || Object.keys(upcasters).length > 0) return;
  throw new InvalidOptionsError(
    `The events of "${knownAs}" are upcast by the application's code, which is not known here.`,
    'Name its options with --config, or boot it with --app.',
  );
}
