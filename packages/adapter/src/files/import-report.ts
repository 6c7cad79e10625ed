/** What came back from an export to the archive. */
export interface ImportReport {
  readonly category: string;
  readonly streams: number;
  readonly events: number;
  /** Events of the export that the database has. */
  readonly present: number;
  /** What stays in the files. */
  readonly left: {
    /** Streams of which something was erased since, or shortly before, the files were written: they would bring it back. */
    readonly erased: number;
  };
  readonly dryRun: boolean;
  /** It was stopped by its signal, and nothing of this category was imported. */
  readonly stopped?: true;
}
