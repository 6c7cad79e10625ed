import type { SealedEvent } from '../seals/index.js';

const places = ['globalPosition', 'streamId', 'streamPosition', 'change', 'recordedAt'] as const;
const names = ['category', 'type', 'schemaVersion'] as const;

/**
 * Whether two events are one: to the letter; but for what an erasure may have made of its values; or as far as an encrypted one tells, which
 * has the names that the code had when it was exported.
 */
export function sameEvent(
  one: SealedEvent,
  other: SealedEvent,
  how: 'to the letter' | 'but for its values' | 'in its place',
): boolean {
  if (!places.every((name) => one[name] === other[name])) return false;
  if (how === 'in its place') return true;
  if (!names.every((name) => one[name] === other[name])) return false;
  return how === 'but for its values' || (one.data === other.data && one.metadata === other.metadata);
}
