export interface PostgresOptions {
  /**
   * Server settings of an embedded server, on top of the defaults; a server named by `DATABASE_URL` keeps its own.
   *
   * @example { max_connections: 50, wal_level: 'logical' }
   */
  settings?: Record<string, string | number>;
}

export interface PostgresServer {
  /** Connection URL of the database to start from, with a user that may create databases. */
  url: string;
  /** Whether this call started the server. When false, `stop()` leaves it running. */
  started: boolean;
  stop(): Promise<void>;
}

/** A server that can go away and come back, with its data and at the same address. */
export interface EmbeddedServer extends PostgresServer {
  /** Stops it, breaking off every connection, and starts it again after `whileDown`. */
  restart(whileDown?: () => Promise<void>): Promise<void>;
}

/**
 * A new embedded server, whatever `DATABASE_URL` says: of the version that the tests depend on, or of the one
 * that is installed in a folder.
 */
export function startEmbeddedServer(
  settings?: Record<string, string | number>,
  installedIn?: string,
): Promise<EmbeddedServer>;

/**
 * The PostgreSQL server of this run: the one that `DATABASE_URL` names, or the one that the test run has started
 * already, or else a new embedded one on a free port. The data of an embedded server is thrown away when it stops,
 * at the latest when the process ends, so its durability is switched off.
 */
export function startPostgres(options?: PostgresOptions): Promise<PostgresServer>;

export interface TestDatabase {
  url: string;
  name: string;
  /** Drops the database together with the connections and prepared transactions that still hold it. */
  drop(): Promise<void>;
}

/** A fresh, empty, uniquely named database. By default on the server of the test run, and in UTF8. */
export function createTestDatabase(options?: {
  serverUrl?: string;
  encoding?: string;
}): Promise<TestDatabase>;

export interface ServerDescription {
  /** Such as `18.4`. */
  version: string;
  /** The connection URL without its password, fit to be printed. */
  url: string;
}

/** The major version of the server of the test run, such as 18. */
export function majorVersionOfRun(): number;

/** Connects once. Fails with a message that says what to do when the server cannot be used. */
export function describeServer(url: string): Promise<ServerDescription>;
