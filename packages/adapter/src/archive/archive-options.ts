import { InvalidOptionsError } from '../errors.js';
import type { ProgressOptions } from '../observation/index.js';

/** Default of {@link ArchiveOptions.events}. */
export const enoughEvents = 20;

/** What it hears of are events that were moved, without a total. */
export interface ArchiveOptions extends ProgressOptions {
  /**
   * Streams of entities that were deleted before this moment go but for the deletion, or their last state where that has left no event;
   * those of living ones if they have enough events from before it.
   */
  before: Date;
  /**
   * So many events from before that moment make it worth while to write the state of a living entity into its stream, so
   * that they can go. A state is as large as a row; fewer events go for it where this is small.
   * @defaultValue 20
   */
  events?: number;
  /** Only says what would be done. @defaultValue false */
  dryRun?: boolean;
  /** Who does it. */
  by?: string;
  reason?: string;
}

/** What was moved to the archive, or would be. */
export interface ArchiveReport {
  readonly category: string;
  readonly streams: number;
  readonly events: number;
  /** Streams that were left as they are. */
  readonly left: {
    /** Their replay differs from their row: repair them first. */
    readonly drifted: number;
    /** A consumer has not handled all of their events, or has parked some. */
    readonly undelivered: number;
    /** Their rows were locked by others: the next run takes them. */
    readonly locked: number;
  };
  readonly dryRun: boolean;
  /** It was stopped by its signal: the next run goes on with what is left. */
  readonly stopped?: true;
}

/** @throws InvalidOptionsError */
export function validate({ before, events = enoughEvents }: ArchiveOptions): void {
  if (!(before instanceof Date) || Number.isNaN(before.getTime())) {
    throw new InvalidOptionsError(
      `before: ${String(before)} is no moment.`,
      'Give a valid Date, such as a year ago.',
    );
  }
  if (!Number.isInteger(events) || events < 2) {
    throw new InvalidOptionsError(`events: ${events} is no number of events from 2.`, 'Use a whole number.');
  }
}
