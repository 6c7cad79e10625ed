/** What is erased, by whom, and why. */
export interface ErasureOptions {
  /**
   * Properties whose values are erased; those of parts behind the path of their relation, such as `lines.text`.
   * @defaultValue all but keys, foreign keys of parts to what owns them, and the date of a soft deletion
   */
  properties?: readonly string[];
  /** Whether the actors of these events are erased, too: each becomes `erased`. @defaultValue false */
  actor?: boolean;
  /** Who erases. */
  by?: string;
  /** Why, such as the number of a request. Kept in an event: write nothing personal. */
  reason?: string;
  /** Only says what would be erased. @defaultValue false */
  dryRun?: boolean;
}

/** What was erased of one stream, or would be. */
export interface ErasureReport {
  readonly category: string;
  readonly streamId: string;
  /** Events of which something was erased, in the log and in the archive. 0 where all was erased before. */
  readonly events: number;
  /** As these events name them. */
  readonly properties: readonly string[];
  /** Position of the event that says so; null where nothing had to be erased. */
  readonly position: number | null;
  /** Chosen properties of which the application's own tables still hold a value: erasing it there is the application's to do. */
  readonly stillInTable: readonly string[];
  /**
   * Subjects whose keys were destroyed along with it, such as `customer:42`: what relays have encrypted for them can't be read any more.
   * Only what erases all of a stream or subject destroys keys.
   */
  readonly keysDestroyed: readonly string[];
  readonly dryRun: boolean;
  /**
   * Why it could not be looked through, where it couldn't: nothing of it was erased, and the request isn't done. Its stream is `*` where
   * that is so of the whole category.
   */
  readonly unseen?: string;
  /** It is a topic, whose events no option says to be of anybody: whoever appends them knows which streams to erase. */
  readonly topic?: true;
  /** The signal has stopped the search in this category: `unseen` says so. What was erased until then is among the other reports. */
  readonly stopped?: true;
}
