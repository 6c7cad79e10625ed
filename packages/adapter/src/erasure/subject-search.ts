import type { EntityMapping } from '../mapping/index.js';
import type { ProgressOptions } from '../observation/index.js';

/** A search through the streams of several aggregates: how far it is, and what it has not come to when it was stopped. */
export class SubjectSearch {
  private readonly left = new Set<EntityMapping>();

  constructor(private readonly following: ProgressOptions) {}

  /** Not stopped before its end. */
  get isWhole(): boolean {
    return this.left.size === 0;
  }

  /** So many streams of an aggregate were looked through. */
  heard({ category }: EntityMapping, done: number): void {
    this.following.onProgress?.({ category, done, unit: 'streams' });
  }

  /** Whether it is to end here, with these unfinished. */
  endsBefore(...mappings: readonly EntityMapping[]): boolean {
    if (!this.following.signal?.aborted) return false;
    for (const mapping of mappings) this.left.add(mapping);
    return true;
  }

  /** For the report: what was not looked through to its end. */
  unfinished(): { category: string; streamId: string; unseen: string; stopped: true }[] {
    const unseen = 'the search was stopped before its end';
    return [...this.left].map(({ knownAs }) => ({ category: knownAs, streamId: '*', unseen, stopped: true }));
  }
}
