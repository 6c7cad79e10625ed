/** Names the fault so that code and operators can tell one from another; stable across versions. */
export type BackstoryErrorCode =
  | 'ALREADY_OPEN'
  | 'ARCHIVE_FAILED'
  | 'BROKER_UNAVAILABLE'
  | 'CAPTURE_OUTDATED'
  | 'CAPTURE_REFUSED'
  | 'CATEGORY_TAKEN'
  | 'CHECKPOINT_AHEAD'
  | 'DATABASE_UNREACHABLE'
  | 'DATA_SOURCE_NOT_INITIALIZED'
  | 'DIGEST_DIFFERS'
  | 'DIGEST_NOT_WRITTEN'
  | 'DIGEST_UNREADABLE'
  | 'DUPLICATE_CATEGORY'
  | 'EPOCH_PENDING'
  | 'ERASURE_FAILED'
  | 'EVENT_NOT_ROUTED'
  | 'EVENT_REFUSED'
  | 'INBOX_CONFLICT'
  | 'INBOX_GAP'
  | 'INBOX_NOT_INSTALLED'
  | 'INBOX_OUTSIDE_TRANSACTION'
  | 'INBOX_TOO_EARLY'
  | 'INVALID_OPTIONS'
  | 'LEASE_LOST'
  | 'MISSING_TABLE'
  | 'NOT_A_CLOUD_EVENT'
  | 'NOT_INSTALLED'
  | 'NO_PRIMARY_KEY'
  | 'NOT_CAPTURABLE'
  | 'NOT_SEALED'
  | 'QUERY_TIMED_OUT'
  | 'READ_ONLY_SERVER'
  | 'REPAIR_FAILED'
  | 'REPLAY_FAILED'
  | 'RIGHTS_MISSING'
  | 'ROWS_HIDDEN'
  | 'SCHEMA_TOO_NEW'
  | 'SEAL_DIFFERS'
  | 'SEAL_REFUSED'
  | 'SEQUENCE_BEHIND'
  | 'SNAPSHOTS_REFUSED'
  | 'STAGE_REFUSED'
  | 'TENANTS_FAILED'
  | 'UNKNOWN_CATEGORY'
  | 'UNKNOWN_CONSUMER'
  | 'UNKNOWN_ENTITY'
  | 'UNKNOWN_TENANT'
  | 'UNSUPPORTED_DRIVER'
  | 'UNTRUSTED_WEBHOOK'
  | 'WAIT_TIMED_OUT';

/**
 * Every error that Backstory raises itself. The message says what was wrong and where, `remedy` what to do.
 * Errors of the application and of PostgreSQL that belong to the application pass through unchanged.
 */
export class BackstoryError extends Error {
  override readonly name: string = 'BackstoryError';

  constructor(
    readonly code: BackstoryErrorCode,
    problem: string,
    readonly remedy: string,
    options?: { cause?: unknown },
  ) {
    super(`${problem}\n  What to do: ${remedy}`, options);
  }

  /** Tells by shape, not by class: two copies of this package in one process agree. */
  static is(error: unknown, code?: BackstoryErrorCode): error is BackstoryError {
    const candidate = error as Partial<BackstoryError> | null;
    return (
      error instanceof Error &&
      typeof candidate?.remedy === 'string' &&
      (code === undefined || candidate.code === code)
    );
  }
}

/** The options given to `createBackstory` or `BackstoryModule` can't be used. */
export class InvalidOptionsError extends BackstoryError {
  override readonly name = 'InvalidOptionsError';
  constructor(problem: string, remedy: string) {
    super('INVALID_OPTIONS', problem, remedy);
  }
}

/** An entity or category was named that isn't there. Lists those that are. */
export class UnknownAggregateError extends BackstoryError {
  override readonly name = 'UnknownAggregateError';
  constructor(code: 'UNKNOWN_ENTITY' | 'UNKNOWN_CATEGORY', given: string, known: readonly string[]) {
    super(
      code,
      `There is no ${code === 'UNKNOWN_ENTITY' ? 'entity' : 'captured aggregate'} "${given}".`,
      `Use one of: ${[...known].sort().join(', ') || '(none)'}.`,
    );
  }
}

/** A stage change that its guards refuse. `reasons` has each unmet condition in words, with the command that settles it. */
export class StageRefusedError extends BackstoryError {
  override readonly name = 'StageRefusedError';
  constructor(
    category: string,
    from: string,
    to: string,
    readonly reasons: readonly string[],
  ) {
    super(
      'STAGE_REFUSED',
      `"${category}" can't go from ${from} to ${to}:${reasons.map((reason) => `\n  - ${reason}`).join('')}`,
      'Settle them in this order, or force the change (it is recorded as forced).',
    );
  }
}

/** A stream that can't be folded: a position is missing, an event isn't of this stream, or is newer than the code. */
export class ReplayError extends BackstoryError {
  override readonly name = 'ReplayError';
  constructor(
    stream: string,
    problem: string,
    remedy = `Look at it with "npx backstory history" and settle it with "npx backstory repair".`,
    options?: { cause?: unknown },
  ) {
    super('REPLAY_FAILED', `Stream "${stream}" can't be replayed: ${problem}.`, remedy, options);
  }
}

/** Several problems as one error, so that nobody meets them one by one: under the code of the first. */
export function together(problems: readonly BackstoryError[]): BackstoryError {
  const [first, ...others] = problems as [BackstoryError, ...BackstoryError[]];
  if (others.length === 0) return first;
  const list = problems.map(({ message, remedy }) => `\n  - ${message.split('\n')[0] ?? ''} ${remedy}`);
  return new BackstoryError(
    first.code,
    `${problems.length} things keep entities from being captured:${list.join('')}`,
    'Settle each of them as it says.',
  );
}
