import { quoteLiteral } from './quote.js';

/**
 * An expression that locks, until the transaction ends, which events are in the archive: exclusively while some are moved there, shared
 * while a consumer is registered, which begins with those that are left, or a first event is written, which must not be there.
 */
export function archiveLockSql(schema: string, mode: 'exclusive' | 'shared'): string {
  const key = `hashtext('backstory archive'), hashtext(${quoteLiteral(schema)})`;
  return mode === 'shared' ? `pg_advisory_xact_lock_shared(${key})` : `pg_advisory_xact_lock(${key})`;
}
