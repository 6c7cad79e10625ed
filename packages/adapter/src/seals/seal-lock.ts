import { quoteLiteral } from '../database/index.js';

/**
 * An expression that locks, until the transaction ends, what is sealed: sealers take turns by it, and who erases values of
 * events takes it first, so that no salt is kept for values that are gone.
 */
export function sealLockSql(schema: string): string {
  return `pg_advisory_xact_lock(hashtext('backstory seal'), hashtext(${quoteLiteral(schema)}))`;
}
