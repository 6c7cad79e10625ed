/** Names the fault so that code and operators can tell one from another; stable across versions. */
export type BackstoryErrorCode =
  | 'AGGREGATE_NOT_FOUND'
  | 'ALREADY_OPEN'
  | 'APPEND_OUTSIDE_TRANSACTION'
  | 'APPEND_REFUSED'
  | 'ARCHIVE_FAILED'
  | 'BROKER_UNAVAILABLE'
  | 'CAPTURE_OUTDATED'
  | 'CAPTURE_REFUSED'
  | 'CATEGORY_TAKEN'
  | 'CHECKPOINT_AHEAD'
  | 'CHECKPOINT_MISSING'
  | 'CHECKPOINT_TOO_OLD'
  | 'CIPHERTEXT_REFUSED'
  | 'COMMAND_ID_REUSED'
  | 'COMMAND_NOT_RECORDED'
  | 'COMMAND_REFUSED'
  | 'CONSTRAINT_VIOLATED'
  | 'CONSUMER_RUNS'
  | 'DATABASE_UNREACHABLE'
  | 'DATA_SOURCE_NOT_INITIALIZED'
  | 'DATA_SOURCE_UNKNOWN'
  | 'DIGEST_DIFFERS'
  | 'DIGEST_NOT_WRITTEN'
  | 'DIGEST_UNREADABLE'
  | 'DUPLICATE_CATEGORY'
  | 'EPOCH_PENDING'
  | 'ERASURE_FAILED'
  | 'EVENT_NOT_ROUTED'
  | 'EVENT_PARKED'
  | 'EVENT_REFUSED'
  | 'EXPORT_REFUSED'
  | 'EXPORT_UNREADABLE'
  | 'IMPORT_REFUSED'
  | 'INBOX_CONFLICT'
  | 'INBOX_GAP'
  | 'INBOX_NOT_INSTALLED'
  | 'INBOX_OUTSIDE_TRANSACTION'
  | 'INBOX_TOO_EARLY'
  | 'INVALID_EVENT'
  | 'INVALID_OPTIONS'
  | 'KEYS_UNUSABLE'
  | 'LEASE_LOST'
  | 'MISSING_TABLE'
  | 'MODULE_MISSING'
  | 'MODULE_TWICE'
  | 'NOT_A_CLOUD_EVENT'
  | 'NOT_INSTALLED'
  | 'NO_DATABASE'
  | 'NO_PRIMARY_KEY'
  | 'NOT_CAPTURABLE'
  | 'NOT_A_STANDBY'
  | 'NOT_SEALED'
  | 'PROJECTION_REFUSED'
  | 'QUERY_TIMED_OUT'
  | 'READ_ONLY_SERVER'
  | 'REPAIR_FAILED'
  | 'REPLAY_FAILED'
  | 'RESIDUAL_REFUSED'
  | 'RESTORE_FAILED'
  | 'RESTORE_REFUSED'
  | 'RIGHTS_MISSING'
  | 'ROWS_HIDDEN'
  | 'SCHEMA_TOO_NEW'
  | 'SEAL_DIFFERS'
  | 'SEAL_REFUSED'
  | 'SEQUENCE_BEHIND'
  | 'SNAPSHOTS_REFUSED'
  | 'STAGE_REFUSED'
  | 'STANDBY_CONFLICT'
  | 'STOPPED'
  | 'SUBJECT_KEY_UNKNOWN'
  | 'TENANTS_FAILED'
  | 'TEXT_UNREADABLE'
  | 'UNKNOWN_CATEGORY'
  | 'UNKNOWN_CONSUMER'
  | 'UNKNOWN_ENTITY'
  | 'UNKNOWN_TENANT'
  | 'UNSUPPORTED_DRIVER'
  | 'UNTRACKED_REFUSED'
  | 'UNTRUSTED_WEBHOOK'
  | 'WAIT_TIMED_OUT'
  | 'WRAPPING_KEY_UNKNOWN'
  | 'WRONG_EXPECTED_VERSION';

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

  /**
   * Tells by shape, not by class: two copies of this package in one process agree.
   * @example if (BackstoryError.is(error, 'NOT_SEALED')) log(error.remedy);
   */
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

/**
 * A stream doesn't end where the caller has said that it does: somebody else has written to it meanwhile. Nothing was appended, and
 * the transaction can go on.
 */
export class WrongExpectedVersionError extends BackstoryError {
  override readonly name = 'WrongExpectedVersionError';
  constructor(
    /** `order-42` */
    readonly stream: string,
    /** As it was given: a position, `no-stream` or `stream-exists`. */
    readonly expected: number | 'no-stream' | 'stream-exists',
    /** The position of the stream's last event; 0 where it has none. */
    readonly actual: number,
    remedy = 'Read the stream again and decide anew.',
    options?: { cause?: unknown },
  ) {
    super(
      'WRONG_EXPECTED_VERSION',
      `Stream "${stream}" ends at position ${actual}, and ${typeof expected === 'number' ? expected : `"${expected}"`} was expected.`,
      remedy,
      options,
    );
  }
}

/** There is neither a row nor a stream with a key: nothing that an event could be of. */
export class AggregateNotFoundError extends BackstoryError {
  override readonly name = 'AggregateNotFoundError';
  constructor(
    readonly category: string,
    readonly streamId: string,
    { wasDeleted = false, ...options }: { cause?: unknown; wasDeleted?: boolean } = {},
  ) {
    super(
      'AGGREGATE_NOT_FOUND',
      wasDeleted
        ? `The "${category}" with the key "${streamId}" was deleted.`
        : `There is no "${category}" with the key "${streamId}", and there never was one.`,
      'Give the key of a row, as events have it: 42, or room:7 for a key of two columns. A row that this transaction has yet to insert comes first.',
      options,
    );
  }
}

/** What a constraint of a table asks for. */
export type ConstraintKind = 'unique' | 'foreign key' | 'not null' | 'check' | 'exclusion';

const violations: Readonly<Record<ConstraintKind, string>> = {
  unique: 'must be unique, and another row has the same',
  'foreign key': 'must name a row that is there',
  'not null': 'must have a value',
  check: 'must pass a check of the table',
  exclusion: 'must not meet another row',
};

/** The row that a command comes to breaks a rule of its table: nothing was written. The error of the database is the `cause`. */
export class ConstraintViolatedError extends BackstoryError {
  override readonly name = 'ConstraintViolatedError';
  constructor(
    readonly category: string,
    readonly kind: ConstraintKind,
    /** The properties that the rule is about; none where it is about the whole row. */
    readonly properties: readonly string[],
    /** Its name in the database; the column's for a value that is missing. */
    readonly constraint: string,
    options: { cause: unknown },
  ) {
    super(
      'CONSTRAINT_VIOLATED',
      `${properties.map((property) => `"${property}"`).join(', ') || 'The row'} of "${category}" ${violations[kind]} (${constraint}).`,
      'Decide otherwise, or give the error that your callers know: refusals: { <property>: (error) => new … }.',
      options,
    );
  }
}

/**
 * A write that no command explains, of an aggregate in stage `events` with `residual: 'refuse'`: by a repository, SQL, a cascade, or a trigger of the table of another
 * aggregate. The statement is undone. Commands throw it as it is; other writes get what their client makes of SQLSTATE 23001 and the constraint name
 * `backstory_residual`, such as a QueryFailedError, of which {@link ResidualRefusedError.of} makes this one.
 */
export class ResidualRefusedError extends BackstoryError {
  override readonly name = 'ResidualRefusedError';
  constructor(
    readonly category: string,
    readonly streamId: string,
    problem: string,
    options: { cause: unknown },
  ) {
    super(
      'RESIDUAL_REFUSED',
      `${problem}.`,
      `Write a command: backstory.handle(), or create(). To let others write again: npx backstory stage ${category} events --residual allow`,
      options,
    );
  }

  /**
   * The refusal that an error of TypeORM or pg is about; undefined for any other.
   * @example const refused = ResidualRefusedError.of(error);
   */
  static of(error: unknown): ResidualRefusedError | undefined {
    const { code, constraint, detail, message, driverError } = (error ?? {}) as Record<string, unknown>;
    if (code !== '23001' || constraint !== 'backstory_residual' || typeof detail !== 'string') {
      return driverError === undefined ? undefined : ResidualRefusedError.of(driverError);
    }
    const [category = '', ...id] = detail.split(' ');
    return new ResidualRefusedError(category, id.join(' '), String(message), { cause: error });
  }
}

/** What was wrong and what to do, in one line and without the last full stop: why something could not be looked at. */
export function asReason({ message }: BackstoryError): string {
  const [problem = '', remedy = ''] = message.split('\n');
  return `${problem.replace(/\.$/, '')}.${remedy.replace(/^ */, ' ').replace(/\.$/, '')}`;
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
