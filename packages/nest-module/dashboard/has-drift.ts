import type { AggregateRow } from './answers.js';

export function hasDrift({ stage, verified, shadow }: AggregateRow): boolean {
  return stage !== 'off' && ((verified?.drifted ?? 0) > 0 || (shadow?.drifted ?? 0) > 0);
}
