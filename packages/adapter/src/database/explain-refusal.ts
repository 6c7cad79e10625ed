import { BackstoryError } from '../errors.js';
import { hiddenRows } from './hidden-rows.js';
import { missingRights } from './missing-rights.js';
import { namedRelation } from './named-relation.js';
import { readOnlyServer } from './read-only-server.js';
import { isRecoveryConflict } from './recovery-conflict.js';
import { sqlState } from './retry.js';
import type { SqlExecutor } from './sql-executor.js';
import { unreadableText } from './unreadable-text.js';

/** In English whatever language the server speaks. */
interface ServerError extends Error {
  readonly code?: string;
  readonly routine?: string;
}

/**
 * What a statement of ours was refused for, in words that name role, table and remedy: rows behind a policy, a missing right,
 * a server that takes no writes, a text that can't be sent, a
 * standby that has to go on. Anything else comes back as it is. Asks the server, so it is for after the rollback.
 */
export async function explainRefusal(error: unknown, sql: SqlExecutor): Promise<unknown> {
  if (BackstoryError.is(error)) return error;
  const { routine, message } = error as ServerError;
  const state = sqlState(error);
  if (state === '25006') return readOnlyServer(`This server is read-only: ${message}`, error);
  if (isRecoveryConflict(error)) return standbyConflict(error as ServerError);
  if (state === '22021') return unreadableText(error as ServerError, sql).catch(() => error);
  if (state !== '42501') return error;
  const explain = routine === 'check_enable_rls' ? rowsHidden : missingRights;
  // where the server doesn't say more, its own word stands
  return explain(error as ServerError, sql).catch(() => error);
}

function standbyConflict(error: ServerError): BackstoryError {
  return new BackstoryError(
    'STANDBY_CONFLICT',
    `The standby has cancelled this, because what it replays would not wait any longer: ${error.message}.`,
    'Try again; or set hot_standby_feedback = on or a longer max_standby_streaming_delay on the standby; or ask the primary.',
    { cause: error },
  );
}

interface Hidden {
  /** Null where not this role is meant. */
  readonly role: string | null;
  readonly tables: string | null;
}

async function rowsHidden(error: ServerError, sql: SqlExecutor): Promise<unknown> {
  const [found] = await sql.execute<Hidden>(
    `${namedRelation('c.relrowsecurity')}
     select case when bool_or(row_security_active(t.oid)) then current_user::text end as role, string_agg(t.name, ', ') as tables
     from t`,
    [error.message],
  );
  return hiddenRows(found?.role ?? null, found?.tables ?? 'a table', error);
}
