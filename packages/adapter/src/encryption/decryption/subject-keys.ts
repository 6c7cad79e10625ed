/**
 * Where the data keys of subjects are looked up: `databaseSubjectKeys` for who may read the database of the application, or an
 * endpoint of the application's own. Asked for every message, so that an erased key is not used after it is gone: whoever keeps an
 * answer keeps reading what was erased.
 */
export interface SubjectKeys {
  /**
   * @param subjects - as messages name them: `customer:42`
   * @returns the data key of each that lives, 32 bytes, and `erased` for those whose key was destroyed. One that isn't known is left out
   */
  find(subjects: readonly string[]): Promise<ReadonlyMap<string, Uint8Array | 'erased'>>;
}
