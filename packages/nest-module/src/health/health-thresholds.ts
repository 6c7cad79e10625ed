/** What is still healthy. What isn't given isn't looked at, but for those with a default. */
export interface BackstoryHealthThresholds {
  /** How old the oldest event may be that a consumer has not looked at. Infinity: not looked at. @defaultValue 300 */
  maxLagSeconds?: number;
  /** How long a consumer may try the same event again. Infinity: not looked at. @defaultValue 300 */
  maxFailingSeconds?: number;
  /** Events that consumers could not handle. */
  maxParked?: number;
  /**
   * Streams that differed from their rows: at the last verify, and in shadow reads of the present stage. From stage shadow on also
   * rows that the last verify has found without a first event. And statements that were written without events because `whenCaptureFails` is `record`.
   */
  maxDrifted?: number;
  /**
   * Faults that doctor finds in the set-up, such as a trigger that is missing or disabled: events are being lost. Infinity: not looked at,
   * which saves some thirty small queries on PostgreSQL's catalogue.
   * @defaultValue 0
   */
  maxFaults?: number;
  /** How long the database may take to answer, in milliseconds. @defaultValue 5000 */
  timeoutMs?: number;
}
