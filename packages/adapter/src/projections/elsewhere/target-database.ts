/** One connection to the database in which a projection lives. */
export interface TargetSession {
  /** With `?` for its parameters, whatever the server writes. Give and take positions as text: numbers end at 2^53. */
  execute<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Of the application's own kind, on this connection. */
  readonly manager: unknown;
}

/** The database in which a projection lives, if that is not the one of the log. */
export interface TargetDatabase {
  readonly dialect: 'postgres' | 'mysql';
  /** As people call it: `mariadb reporting`. */
  readonly place: string;
  /** Schema of Backstory's own tables there; undefined for that of the connection. */
  readonly schema: string | undefined;
  readonly quote: (name: string) => string;
  /** A connection without a transaction. @throws BackstoryError DATABASE_UNREACHABLE */
  session<Result>(work: (session: TargetSession) => Promise<Result>): Promise<Result>;
  /**
   * A READ COMMITTED transaction. One that stays idle for longer is ended by the server.
   * @param lockMs - how long it waits for a lock; as long as the server says by default
   * @throws BackstoryError DATABASE_UNREACHABLE
   */
  transaction<Result>(
    idleMs: number,
    work: (session: TargetSession) => Promise<Result>,
    lockMs?: number,
  ): Promise<Result>;
}
