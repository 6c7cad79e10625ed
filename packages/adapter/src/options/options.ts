import type { KeyProvider } from '../encryption/providers/index.js';
import type { EncryptionRules } from '../encryption/index.js';
import type { AggregateSelection } from '../mapping/index.js';
import type { ReplayCacheOptions } from '../replay/index.js';
import type { DigestTarget } from '../seals/index.js';
import type { ShadowOptions } from '../shadow/index.js';

/** Where Backstory says what it does: Nest's Logger and `console` fit. */
export interface BackstoryLogger {
  log(message: string): void;
  warn(message: string): void;
}

/** How the log is sealed: what `backstory.seals` does when it is told nothing else. */
export interface SealingOptions {
  /** Where digests are kept: a file, a store (`fileDigests`, `tableDigests`, `objectDigests`), or a function that writes one. */
  digest?: DigestTarget;
  /** Milliseconds between two turns of `backstory.seals.run()`. @defaultValue 10 000 */
  everyMs?: number;
  /** Events in a block, at most. @defaultValue 10 000 */
  blockSize?: number;
}

/** How relays encrypt what leaves the database, so that it can be erased there, too. */
export interface EncryptionOptions {
  /** Holds the keys that data keys of subjects are wrapped with: `fileKeys`, `environmentKeys`, `kmsKeys`, or one of your own. */
  keys: KeyProvider;
  /** What a relay encrypts that says nothing itself. @defaultValue 'personal' */
  encrypt?: EncryptionRules;
}

export interface BackstoryOptions extends AggregateSelection {
  /**
   * PostgreSQL schema for Backstory's own tables.
   * @defaultValue 'backstory'
   */
  schema?: string;
  /**
   * `auto` creates or upgrades own tables and capture triggers at start; several instances may start at once.
   * `check` changes nothing and refuses to start when something is missing: for roles without the right to create.
   * @defaultValue 'auto'
   */
  install?: 'auto' | 'check';
  /**
   * What a start does whose entities have tables or columns that aren't there yet. `wait` captures the others, says what is
   * missing, and captures the rest after `dataSource.runMigrations()` or `synchronize()`, or by `backstory.install()`: for
   * applications that migrate once they have started. `refuse` throws, with everything that is missing.
   * @defaultValue 'wait' where the DataSource has migrations that have not run yet, else 'refuse'
   */
  missingTables?: 'wait' | 'refuse';
  /**
   * Categories without a table: streams of events that `backstory.append()` writes, and nothing else. They are declared in the database
   * at install, so that a misspelt one is an error. One that is taken out of here stays in the history.
   * @defaultValue none
   * @example topics: ['newsletter']
   */
  topics?: readonly string[];
  /** Shadow reads: how many reads are compared, and how many clean ones `replay` needs. */
  shadow?: ShadowOptions;
  /**
   * How often this instance looks for stage changes, in milliseconds, 10 to 1000. More often than once a second
   * costs little: one query on a table of a few rows.
   * @defaultValue 500
   */
  stagePollMs?: number;
  /** How consumers of events work. */
  consumers?: {
    /**
     * How long a worker has a partition without a sign of life, in milliseconds; as long may a projection's transaction
     * stay idle. Shorter: others take over sooner after a crash, and a busy event loop loses its lease sooner.
     * @defaultValue 15 000
     */
    leaseMs?: number;
    /**
     * The longest pause between two looks at a quiet log, in milliseconds: how late a consumer hears of what other
     * processes write after a while of silence. Writes of its own process wake it at once.
     * @defaultValue 500
     */
    pollMs?: number;
  };
  /** How entities are replayed. */
  replay?: {
    /**
     * Keeps replayed states in memory, so that a read of a stream that has not changed since needs the number of its last event only, which comes
     * with the row: never stale, whoever writes. More entries and megabytes make more reads cheap, and take memory of each process; for tenants they are
     * one bound for all. `false` folds the events at each read.
     * @defaultValue 10 000 entries and 16 megabytes, whichever is reached first
     */
    cache?: ReplayCacheOptions | false;
  };
  /** How commands are handled. */
  commands?: {
    /**
     * How long ids of commands are kept, as an interval that PostgreSQL reads: as long as whoever sends them may send one again. Each is a small
     * row, and some of the older ones go with every new one.
     * @defaultValue '30 days'
     */
    keepIds?: string;
  };
  /** Evidence that events were not changed. Nothing is sealed until `backstory.seals` or `npx backstory seal` does. */
  seals?: SealingOptions;
  /** Relays encrypt values with a key for each subject, which dies when the subject is erased. @defaultValue events are published as they are */
  encryption?: EncryptionOptions;
  /** @defaultValue silent */
  logger?: BackstoryLogger;
}
