/** Something about the set-up that is wrong, or that an operator should know. */
export interface Finding {
  /** `fault`: events are lost or wrong, or will be. `hint`: on purpose, perhaps. */
  readonly severity: 'fault' | 'hint';
  /** The category it is about; none for what concerns everything. */
  readonly aggregate?: string;
  readonly problem: string;
  /** What mends it: a command or an SQL statement. */
  readonly remedy: string;
  /** It is what the last verify has found, or what was written without events since, and nothing of the set-up. */
  readonly proof?: true;
}
