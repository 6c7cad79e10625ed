import { OptimisticLockVersionMismatchError, QueryFailedError } from 'typeorm';

const conflicts: Record<string, string> = {
  // a line that somebody else has deleted since it was read is inserted again by save(), without its product
  '23502': 'Somebody else changed this at the same time',
  '23503': 'Refers to something that does not exist, or is still referred to',
  '23505': 'Already exists',
  '23514': 'Would break a rule of the shop',
  '40001': 'Somebody else changed this at the same time',
  '40P01': 'Somebody else changed this at the same time',
};

/** Why an error is the fault of the request or of bad timing; undefined when it is a fault of ours. */
export function conflictReason(error: unknown): string | undefined {
  if (error instanceof OptimisticLockVersionMismatchError) {
    return 'Somebody else changed this in the meantime';
  }
  // What is sent on the bare driver fails with the driver's own error.
  const { code } = (error instanceof QueryFailedError ? error.driverError : (error ?? {})) as {
    code?: string;
  };
  return code === undefined ? undefined : conflicts[code];
}
