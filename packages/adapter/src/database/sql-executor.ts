/**
 * The one port to SQL. Whoever hands it over decides what it joins: a connection of its own,
 * or the transaction that the application has open.
 */
export interface SqlExecutor {
  /** Integers, booleans, JSON and timestamps come parsed, whatever parsers the application has set; the rest as text. */
  execute<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Every value in the text form in which PostgreSQL sent it. */
  executeText(text: string, values?: readonly unknown[]): Promise<Record<string, string | null>[]>;
}

/**
 * A source of connections. What is to see a table of the application whole runs in a transaction or a snapshot: a statement by
 * itself sees what row-level security lets the role see.
 */
export interface Database extends SqlExecutor {
  /**
   * Runs `work` in a READ COMMITTED transaction of its own, whatever level is the application's default. Once it has ended, a crash
   * takes nothing of it back, whatever `synchronous_commit` is the application's default.
   * @throws BackstoryError ROWS_HIDDEN, RIGHTS_MISSING, READ_ONLY_SERVER for what the server refuses
   */
  transaction<Result>(work: (sql: SqlExecutor) => Promise<Result>): Promise<Result>;
  /** Runs `work` read-only with one snapshot for all its statements. @throws BackstoryError as `transaction` */
  snapshot<Result>(work: (sql: SqlExecutor) => Promise<Result>): Promise<Result>;
}
