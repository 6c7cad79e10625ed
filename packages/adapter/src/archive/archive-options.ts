import { InvalidOptionsError } from '../errors.js';

/** Default of {@link ArchiveOptions.events}. */
export const enoughEvents = 20;

export interface ArchiveOptions {
  /**
   * Streams of entities that were deleted before this moment go but for the deletion; those of living ones if they have
   * enough events from before it.
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
  /** Hears after each batch what was done so far. */
  onProgress?: (progress: ArchiveReport) => void;
  /** Stops after the batch that is under way. */
  signal?: AbortSignal;
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
