import { AsyncResource } from 'node:async_hooks';
import { contextComment, currentStatementContext } from '../capture/index.js';
import type { PgClient, PgPool } from './pg-pool.js';
import { ownTypes } from './pool-database.js';

type Query = (this: PgClient, config: unknown, ...rest: unknown[]) => unknown;

const instrumented = Symbol.for('@backstory/adapter:context-statements');

/**
 * Puts the context in front of the statements of every connection of the pool, beneath TypeORM: its logs, subscribers
 * and errors show the application's own SQL. Raw SQL, query runners and other libraries on the pool are covered too.
 * Left alone: statements prepared by name, whose text must stay the same, and cursors.
 * @returns ends it for connections acquired later
 */
export function sendContextWithStatements(pool: PgPool): () => void {
  const onAcquire = (client: PgClient): void => {
    const marked = client as PgClient & { [instrumented]?: true };
    if (marked[instrumented]) return;
    marked[instrumented] = true;
    const commentable = client as unknown as { query: Query };
    const original = commentable.query;
    commentable.query = function (this: PgClient, config: unknown, ...rest: unknown[]): unknown {
      const text = textOf(config);
      const comment = text === undefined ? '' : contextComment(text, currentStatementContext);
      if (comment === '') return original.call(this, config, ...rest);
      const commented =
        typeof config === 'string'
          ? comment + config
          : { ...(config as object), text: comment + (text as string) };
      return withOwnPositions(
        comment.length,
        original.call(this, commented, ...rest.map((r) => wrapCallback(r, comment.length))),
      );
    };
  };
  // A client that somebody has to wait for is handed on in the context of whoever releases it: each gets it in its own.
  const { connect } = pool;
  pool.connect = function (this: PgPool, callback?: (...args: unknown[]) => void) {
    const waits = this.idleCount === 0 || this.waitingCount > 0;
    return connect.call(this, callback && waits ? AsyncResource.bind(callback) : callback);
  };
  pool.on('acquire', onAcquire);
  return () => {
    pool.off('acquire', onAcquire);
    pool.connect = connect;
  };
}

function textOf(config: unknown): string | undefined {
  if (typeof config === 'string') return config;
  const { text, name, types, submit } = (config ?? {}) as Record<string, unknown>;
  if (typeof text !== 'string' || name !== undefined || types === ownTypes || submit !== undefined)
    return undefined;
  return text;
}

/** PostgreSQL counts an error's position from the start of the statement that it got: the application shall see its own. */
function withOwnPositions(offset: number, result: unknown): unknown {
  if (!(result instanceof Promise)) return result;
  return result.catch((error: unknown) => {
    shiftPosition(error, offset);
    throw error;
  });
}

function wrapCallback(argument: unknown, offset: number): unknown {
  if (typeof argument !== 'function') return argument;
  return (error: unknown, ...rest: unknown[]) => {
    shiftPosition(error, offset);
    (argument as (...args: unknown[]) => void)(error, ...rest);
  };
}

function shiftPosition(error: unknown, offset: number): void {
  const located = error as { position?: string } | null;
  const position = Number(located?.position);
  if (located && position > offset) located.position = String(position - offset);
}
