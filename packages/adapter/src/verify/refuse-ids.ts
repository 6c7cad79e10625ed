import { sqlState } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';
import type { VerifyScope } from './verify-scope.js';

/** A stream id is a key: PostgreSQL says (SQLSTATE class 22) where it can't be one. */
export function refuseIds(
  { category }: EntityMapping,
  { few, values }: VerifyScope,
): (error: unknown) => never {
  return (error) => {
    if (!few || !sqlState(error)?.startsWith('22')) throw error;
    throw new InvalidOptionsError(
      `No stream of "${category}" has such an id: ${(error as Error).message} (${JSON.stringify(values[0])}).`,
      'Give ids in the form that events have them: 42, or room:7 for a key of two columns.',
    );
  };
}
