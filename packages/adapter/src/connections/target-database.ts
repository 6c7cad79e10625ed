import type { EventEmitter } from 'node:events';
import type { DataSource, QueryRunner } from 'typeorm';
import { quoteIdentifier } from '../database/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import {
  type ProjectionDefinition,
  type TargetDatabase,
  type TargetSession,
  unreachable,
} from '../projections/index.js';

const dialects: Readonly<Record<string, TargetDatabase['dialect']>> = {
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
};

/**
 * The database of a DataSource, for a projection that lives there.
 * @throws BackstoryError UNSUPPORTED_DRIVER; InvalidOptionsError for the DataSource of the log
 */
export function targetDatabase(
  into: NonNullable<ProjectionDefinition['into']>,
  projection: string,
  ofLog: DataSource,
): TargetDatabase {
  const { dataSource: given, schema } = 'dataSource' in into ? into : { dataSource: into, schema: undefined };
  const source = given as DataSource;
  const dialect = dialects[source.options.type];
  if (!dialect)
    throw new BackstoryError(
      'UNSUPPORTED_DRIVER',
      `Projection "${projection}" can't live in a DataSource of type "${source.options.type}".`,
      'Use one of type postgres, mysql or mariadb.',
    );
  if (source === ofLog)
    throw new InvalidOptionsError(
      `Projection "${projection}" is told to live in the DataSource of its log.`,
      'Leave "into" out: then checkpoint and tables are in its transactions.',
    );
  if (projection.length > 200)
    throw new InvalidOptionsError(
      `The name "${projection}" has more than 200 characters.`,
      'Use a shorter one.',
    );
  const place = `${source.options.type} ${source.driver.database ?? source.options.name}`;
  const connected = async (): Promise<QueryRunner> => {
    let runner: QueryRunner | undefined;
    try {
      await initialized(source);
      watchPool(source);
      runner = source.createQueryRunner('master');
      outlive((await runner.connect()) as EventEmitter);
      return runner;
    } catch (error) {
      await runner?.release().catch(() => undefined);
      throw unreachable(place, error);
    }
  };
  const session: TargetDatabase['session'] = async (work) => {
    const runner = await connected();
    try {
      return await work(sessionOf(runner, dialect));
    } finally {
      await runner.release();
    }
  };
  return {
    dialect,
    place,
    schema,
    quote: dialect === 'postgres' ? quoteIdentifier : (name) => `\`${name.replaceAll('`', '``')}\``,
    session,
    transaction: async (idleMs, work, lockMs) => {
      const runner = await connected();
      const sql = sessionOf(runner, dialect);
      const limits = limitsOf[dialect](sql, idleMs, lockMs);
      try {
        await limits.before();
        await runner.startTransaction('READ COMMITTED');
        await limits.begun();
        const result = await work(sql);
        await runner.commitTransaction();
        return result;
      } catch (error) {
        if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
        throw error;
      } finally {
        await limits.after().catch(() => undefined);
        await runner.release();
      }
    },
  };
}

function sessionOf(runner: QueryRunner, dialect: TargetDatabase['dialect']): TargetSession {
  return {
    manager: runner.manager,
    execute: async <Row>(text: string, values: readonly unknown[] = []) => {
      let number = 0;
      const own = dialect === 'postgres' ? text.replaceAll('?', () => `$${++number}`) : text;
      return (await runner.query(own, [...values])) as Row[];
    },
  };
}

interface Limits {
  before(): Promise<unknown>;
  begun(): Promise<unknown>;
  after(): Promise<unknown>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** What a process that stands still may hold up, and for how long. */
const limitsOf: Record<
  TargetDatabase['dialect'],
  (sql: TargetSession, idleMs: number, lockMs: number | undefined) => Limits
> = {
  postgres: (sql, idleMs, lockMs) => ({
    before: nothing,
    begun: async () => {
      await sql.execute(`set local idle_in_transaction_session_timeout = ${Math.ceil(idleMs)}`);
      if (lockMs !== undefined) await sql.execute(`set local lock_timeout = ${Math.ceil(lockMs)}`);
    },
    after: nothing,
  }),
  // settings of the session, which the application's own statements are to find as they were
  mysql: (sql, idleMs, lockMs) => {
    const settings: Record<string, number> = {
      wait_timeout: seconds(idleMs),
      ...(lockMs !== undefined && { innodb_lock_wait_timeout: seconds(lockMs) }),
    };
    const each = (text: (name: string, value: number) => string): Promise<unknown> =>
      sql.execute(
        `set ${Object.entries(settings)
          .map(([name, value]) => text(name, value))
          .join(', ')}`,
      );
    return {
      before: async () => {
        await each((name) => `@backstory_${name} = @@session.${name}`);
        await each((name, value) => `session ${name} = ${value}`);
      },
      begun: nothing,
      after: () => each((name) => `session ${name} = @backstory_${name}`),
    };
  },
};

function seconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}

const watched = new WeakSet<object>();
const ignored = (): void => undefined;

/**
 * A connection that is lost between two statements, where TypeORM doesn't listen for a moment, must not end the process: whoever uses it
 * next is told.
 */
function outlive(connection: EventEmitter): void {
  if (watched.has(connection) || typeof connection.on !== 'function') return;
  watched.add(connection);
  connection.on('error', ignored);
}

function watchPool({ driver, options }: DataSource): void {
  const { master } = driver as unknown as { master?: EventEmitter };
  if (options.type !== 'postgres' || !master || watched.has(master)) return;
  watched.add(master);
  master.on('connect', outlive);
}

const initializing = new WeakMap<DataSource, Promise<unknown>>();

/** Several projections may want the same one. */
async function initialized(source: DataSource): Promise<void> {
  if (source.isInitialized) return;
  let begun = initializing.get(source);
  if (!begun) {
    begun = source.initialize().finally(() => initializing.delete(source));
    initializing.set(source, begun);
  }
  await begun;
}
