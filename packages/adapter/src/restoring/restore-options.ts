import type { PartDifference, PropertyDifference } from '../diff/index.js';

/** Which version is brought back: a position in the stream, or what was there at a moment (the whole millisecond). Inclusive. */
export type RestoredVersion = { version: number; asOf?: never } | { asOf: Date; version?: never };

export interface RestoreOptions {
  /** Only says what would be changed. @defaultValue false */
  dryRun?: boolean;
  /** Position of the stream's last event, as the caller has seen it. @defaultValue wherever it ends */
  expectedVersion?: number;
  /** Who restores. @defaultValue the actor of the running context */
  by?: string;
  reason?: string;
}

/** What a restore has changed, or would change. */
export interface RestorationReport {
  readonly category: string;
  readonly streamId: string;
  /** The position of the event that was the last one of the version. */
  readonly restoredTo: number;
  /** The position of the stream's last event: afterwards, or as it is where nothing was written. */
  readonly version: number;
  /** Of the row itself: `before` is absent where it was deleted, and is inserted again. */
  readonly changes: readonly PropertyDifference[];
  readonly parts: readonly PartDifference[];
  /**
   * Properties that the version doesn't tell: excluded ones, and columns that are younger. They stay as they are, and have their
   * defaults in rows that are inserted. Those of parts as `lines.note`.
   */
  readonly notTold: readonly string[];
  /** What differs from the version although it was written, because a trigger of the table has changed it: `before` is the row. */
  readonly left: readonly PropertyDifference[];
  readonly dryRun: boolean;
}
