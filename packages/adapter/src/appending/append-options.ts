/**
 * Where a stream must end for events to be appended: at a position (that of the last event that the caller has seen, 0 for none),
 * nowhere (`no-stream`), anywhere but nowhere (`stream-exists`), or wherever it does (`any`).
 */
export type ExpectedVersion = number | 'any' | 'no-stream' | 'stream-exists';

export interface AppendOptions {
  /**
   * Compared under the lock that the stream's writers take, so nobody comes in between. Of an aggregate with parts and of a topic,
   * whose events get their positions at commit, it is compared twice: now, and at commit, which then fails with SQLSTATE 40001.
   * @defaultValue 'any'
   */
  expectedVersion?: ExpectedVersion;
}

/** An event by the name of its type, where no class stands for it. */
export interface NamedEvent {
  readonly type: string;
  /** What happened, as JSON can say it. @defaultValue {} */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** An instance of a class, whose name is the type of the event and whose properties are its data, or the name and the data. */
export type NewEvent = NamedEvent | object;

/** Where events were appended. */
export interface AppendedEvents {
  /** Under its name of today. */
  readonly category: string;
  readonly streamId: string;
  /**
   * Of the last of them, as this transaction sees the stream: what it may expect the next time. Of an aggregate with parts and of
   * a topic it is higher after the commit where others have committed before.
   */
  readonly position: number;
}
