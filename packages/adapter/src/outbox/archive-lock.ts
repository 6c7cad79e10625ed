import { quoteLiteral } from '../database/index.js';

/**
 * An expression that locks, until the transaction ends, which consumers there are: exclusively while events are archived that
 * all of them have handled, shared while one is registered.
 */
export function archiveLockSql(schema: string, mode: 'exclusive' | 'shared'): string {
  const key = `hashtext('backstory archive'), hashtext(${quoteLiteral(schema)})`;
  return mode === 'shared' ? `pg_advisory_xact_lock_shared(${key})` : `pg_advisory_xact_lock(${key})`;
}
