import { sqlState } from './retry.js';

/** What PostgreSQL's own programs are called where a standby ends a query that stands in the way of what it has to replay. */
const ofRecovery = /^Process(?:Interrupts|RecoveryConflictInterrupts?)$/;

/** Whether a standby has cancelled a statement because what it replays would not wait any longer, as `max_standby_streaming_delay` says. */
export function isRecoveryConflict(error: unknown): boolean {
  const { routine = '' } = error as { routine?: string };
  return (sqlState(error) === '40001' || sqlState(error) === '40P01') && ofRecovery.test(routine);
}
