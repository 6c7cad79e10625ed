import type { AggregateRow } from './answers.js';

/** Found, or to be expected of writes whose capture has failed. */
export function hasDrift({ stage, verified, shadow, captureFailures }: AggregateRow): boolean {
  if (stage === 'off') return false;
  return captureFailures !== null || (verified?.drifted ?? 0) > 0 || (shadow?.drifted ?? 0) > 0;
}
