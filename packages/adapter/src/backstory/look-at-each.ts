import { asReason, BackstoryError } from '../errors.js';
import { StoppedError } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { Unseen } from '../verify/index.js';

/**
 * Looks at several aggregates, one after the other. Of all that there are, one that this role can't see whole, or that a standby has cancelled, keeps nobody from
 * looking at the others, and is told with its reason. What was stopped is told, too.
 * @throws BackstoryError ROWS_HIDDEN, RIGHTS_MISSING or STANDBY_CONFLICT for one that was named
 */
export async function lookAtEach<Found>(
  mappings: readonly EntityMapping[],
  named: 'all' | readonly string[],
  look: (mapping: EntityMapping) => Promise<Found>,
): Promise<{ found: Found[]; unseen: Unseen[]; unfinished: string[] }> {
  const found: Found[] = [];
  const unseen: Unseen[] = [];
  const unfinished: string[] = [];
  for (const mapping of mappings) {
    try {
      found.push(await look(mapping));
    } catch (error) {
      if (error instanceof StoppedError) unfinished.push(mapping.category);
      else if (named !== 'all' || !isUnseen(error)) throw error;
      else unseen.push({ category: mapping.category, reason: asReason(error) });
    }
  }
  return { found, unseen, unfinished };
}

function isUnseen(error: unknown): error is BackstoryError {
  return (['ROWS_HIDDEN', 'RIGHTS_MISSING', 'STANDBY_CONFLICT'] as const).some((code) =>
    BackstoryError.is(error, code),
  );
}
