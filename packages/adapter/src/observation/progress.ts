/** How far something is that takes long: verify, repair, archive, erasure, seals, snapshots, keys. */
export interface Progress {
  /** The aggregate or topic; absent where the whole log is gone through. */
  readonly category?: string;
  /** What was looked at or written so far, of this category. */
  readonly done: number;
  /** PostgreSQL's estimate, which may be too small or too large; absent where there is none that costs nothing. */
  readonly total?: number;
  readonly unit: 'streams' | 'events' | 'rows' | 'keys';
}

/** For what may take long: to follow it, and to stop it. */
export interface ProgressOptions {
  /**
   * Called when a category begins, and after each part of it: a page, a chunk or a table. Takes nothing from the work in between. What
   * it throws ends the work.
   */
  onProgress?: (progress: Progress) => void;
  /** Stops behind the part that is under way. The report says what was done, and what was not. */
  signal?: AbortSignal;
}
