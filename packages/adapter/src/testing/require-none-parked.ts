import type { Backstory } from '../backstory/index.js';
import { BackstoryError } from '../errors.js';

/** A test that waits for a consumer wants to know what it could not do. @throws BackstoryError EVENT_PARKED */
export async function requireNoneParked({ consumers }: Backstory, consumer: string): Promise<void> {
  const [first, ...others] = await consumers.parked(consumer);
  if (!first) return;
  const { category, streamId, globalPosition, error, attempts } = first;
  throw new BackstoryError(
    'EVENT_PARKED',
    `Consumer "${consumer}" has parked ${category}-${streamId} at position ${globalPosition} after ${attempts} attempts: ${error ?? 'behind another'}` +
      `${others.length > 0 ? `; and ${others.length} more` : ''}.`,
    `Mend its handler, and have it tried again: consumers.retryParked("${consumer}"). Or give it up: consumers.discardParked("${consumer}", {}, { reason }).`,
  );
}
