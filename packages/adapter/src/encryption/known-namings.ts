import type { EntityMapping } from '../mapping/index.js';

interface Known {
  readonly root: EntityMapping;
  /** The value counts before the event at this stream position. */
  readonly position: number;
  readonly value: unknown;
}

/**
 * What a relay has found out about properties that name subjects, so that a long stream isn't looked through again for each batch.
 * Holds for the mapping that it was found with: another release of it may make the property of something else.
 */
export class KnownNamings {
  /** The longest unused first. */
  private readonly kept = new Map<string, Known>();

  /** @param limit - of properties of streams: 10 000 take some 3 MB. One that is forgotten is looked for again */
  constructor(private readonly limit = 10_000) {}

  /** What is known of a place at or before a position; undefined where nothing is. */
  before(place: string, root: EntityMapping, position: number): Known | undefined {
    const known = this.kept.get(place);
    return known?.root === root && known.position <= position ? known : undefined;
  }

  keep(place: string, known: Known): void {
    this.kept.delete(place);
    const [oldest] = this.kept.keys();
    if (this.kept.size >= this.limit && oldest !== undefined) this.kept.delete(oldest);
    this.kept.set(place, known);
  }
}
