/** Something of an export that is not as its manifest, or the log, says. */
export interface ExportDifference {
  /**
   * `file`: it is missing, was changed, or is not in the manifest. `manifest`: it doesn't fit together. `event`: the log has another one, none, or
   * one more. `erased`: its values were erased in the log since, and are still in the file.
   */
  readonly kind: 'file' | 'manifest' | 'event' | 'erased';
  /** The file that it is about. */
  readonly file?: string;
  /** Global position of the event that it is about. */
  readonly position?: string;
  /** `order-42@3` */
  readonly event?: string;
  readonly problem: string;
}
