import {
  type Database,
  explainRefusal,
  seeWholeTables,
  type SqlExecutor,
  waitForDisk,
} from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { PgClient, PgPool, PooledClient } from './pg-pool.js';

const parsers: Record<number, (text: string) => unknown> = {
  16: (text) => text === 't', // bool
  21: Number, // int2
  23: Number, // int4
  26: Number, // oid
  701: Number, // float8
  114: JSON.parse, // json
  3802: JSON.parse, // jsonb
  1184: (text) => new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')), // timestamptz
};

/** Our statements don't depend on the parsers that the application has set; also marks a statement as ours. */
export const ownTypes = { getTypeParser: (typeOid: number) => parsers[typeOid] ?? ((text: string) => text) };
const textTypes = { getTypeParser: () => (text: string) => text };

/** Statements on one connection, inside whatever transaction it has open. */
export function executorOf(client: PgClient): SqlExecutor {
  return {
    execute: async <Row>(text: string, values?: readonly unknown[]) =>
      (await client.query({ text, values: values as unknown[], types: ownTypes })).rows as Row[],
    executeText: async (text, values) =>
      (await client.query({ text, values: values as unknown[], types: textTypes })).rows as Record<
        string,
        string | null
      >[],
  };
}

/** Connections from the application's own pool: no second pool, no second configuration. */
export function poolDatabase(pool: PgPool): Database {
  const withClient = async <Result>(work: (client: PgClient) => Promise<Result>): Promise<Result> => {
    let loss: Error | undefined;
    // A lost connection also rejects the query that is under way; without a listener it would end the process.
    const onError = (error: Error): void => void (loss = error);
    const client = await connected(pool, onError).catch((error: unknown) => {
      throw unreachable(error);
    });
    try {
      return await work(client);
    } catch (error) {
      if (!loss && isConnectionLoss(error)) loss = error as Error;
      throw loss ? unreachable(error) : await explainRefusal(error, executorOf(client));
    } finally {
      client.off('error', onError);
      client.release(loss);
    }
  };
  const inTransaction = <Result>(
    begin: string,
    work: (sql: SqlExecutor) => Promise<Result>,
  ): Promise<Result> =>
    withClient(async (client) => {
      const sql = executorOf(client);
      await sql.execute(`${begin}; ${seeWholeTables}`);
      try {
        const result = await work(sql);
        await sql.execute('commit');
        return result;
      } catch (error) {
        // The first error is the one to tell; a connection that can't roll back is gone anyway.
        await sql.execute('rollback').catch(() => undefined);
        throw error;
      }
    });
  return {
    execute: <Row>(text: string, values?: readonly unknown[]) =>
      withClient((client) => executorOf(client).execute<Row>(text, values)),
    executeText: (text, values) => withClient((client) => executorOf(client).executeText(text, values)),
    transaction: (work) => inTransaction(`begin isolation level read committed; ${waitForDisk}`, work),
    snapshot: (work) => inTransaction('begin isolation level repeatable read read only', work),
  };
}

/** By callback, because a promise would be late: a connection may be lost in the same turn in which it was made. */
function connected(pool: PgPool, onError: (error: Error) => void): Promise<PooledClient> {
  return new Promise((resolve, reject) => {
    void pool.connect((...result) => {
      const [error, client] = result as [Error | undefined, PooledClient];
      if (error) return reject(error);
      client.on('error', onError);
      resolve(client);
    });
  });
}

function isConnectionLoss(error: unknown): boolean {
  const { code = '', message } = error as Error & { code?: string };
  // whose codes begin as those of system calls do
  if (BackstoryError.is(error)) return false;
  return /^(?:08|57P0|E[A-Z])/.test(code) || message.startsWith('Connection terminated');
}

function unreachable(error: unknown): BackstoryError {
  const { message, code } = error as Error & { code?: string };
  return new BackstoryError(
    'DATABASE_UNREACHABLE',
    `No connection to the database: ${message || code || 'unknown reason'}.`,
    'Check that the server is running and that host, port, user and password of the DataSource are right.',
    { cause: error },
  );
}
