import { sqlState } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { streamName } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';

const remedies: Readonly<Record<string, string>> = {
  '23503': 'Restore or create the row that it refers to first, or restore a version that refers to another.',
  '23505': 'Another row has the value by now: change or delete that one first, or restore another version.',
  '23502':
    'The version tells nothing of a column that must have a value: give the column a default, or restore a later version.',
  '23514': 'The version breaks a rule that the table has by now: restore a later version.',
  '23P01': 'Another row stands against it: change or delete that one first, or restore another version.',
};

/** What a constraint has refused, in words; any other error as it is. Nothing is written then. */
export function explainFailure(
  error: unknown,
  { knownAs }: EntityMapping,
  streamId: string,
  position: number,
): unknown {
  const remedy = remedies[sqlState(error) ?? ''];
  if (BackstoryError.is(error) || remedy === undefined) return error;
  const { message, detail } = error as Error & { detail?: string };
  const said = detail === undefined ? message : `${message}: ${detail.replace(/\.$/, '')}`;
  return new BackstoryError(
    'RESTORE_FAILED',
    `"${streamName(knownAs, streamId)}" can't be what it was at version ${position}: ${said}. Nothing was written.`,
    remedy,
    { cause: error },
  );
}

/** Whether another order of the same writes may keep the constraints. */
export function isOfOrder(error: unknown): boolean {
  return ['23503', '23505', '23P01'].includes(sqlState(error) ?? '');
}
