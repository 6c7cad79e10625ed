import { InvalidOptionsError } from '../errors.js';
import type { ProgressOptions } from '../observation/index.js';

/** What it hears of are rows; the total is of a comparison of everything. */
export interface VerifyOptions extends ProgressOptions {
  /** Drifts to report one by one for each aggregate; all are counted. @defaultValue 100 */
  limit?: number;
  /**
   * Share of the streams that is compared, above 0 and up to 1: the same ones on both sides, other ones each time.
   * Less time, and a proof of less. Where it meets no stream, all are compared: there are few. @defaultValue 1
   */
  sample?: number;
  /**
   * Only streams with events since the last complete verify. Fast where little was written; a change that has bypassed
   * capture leaves no event, so only a complete verify finds it. Complete where there was none since capture began and of what
   * is captured now, and until one has found nothing: what was found before is looked at again. @defaultValue false
   */
  sinceLast?: boolean;
  /** Only these streams, of one aggregate. @defaultValue all */
  streamIds?: readonly string[];
}

/** @throws InvalidOptionsError */
export function validate({ limit, sample, sinceLast, streamIds }: VerifyOptions): void {
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 0)) {
    throw new InvalidOptionsError(
      `limit: ${limit} is no number of drifts.`,
      'Use a whole number, 0 or more.',
    );
  }
  if (sample !== undefined && !(sample > 0 && sample <= 1)) {
    throw new InvalidOptionsError(
      `sample: ${sample} is no share of the streams.`,
      'Use a number above 0 and up to 1: 0.1 for a tenth.',
    );
  }
  if (streamIds?.length === 0) {
    throw new InvalidOptionsError('No stream is named.', 'Name some, or leave "streamIds" out for all.');
  }
  const given = [sample !== undefined && 'sample', sinceLast && 'sinceLast', streamIds && 'streamIds'].filter(
    Boolean,
  );
  if (given.length > 1) {
    throw new InvalidOptionsError(`${given.join(' and ')} exclude each other.`, 'Use one of them.');
  }
}
