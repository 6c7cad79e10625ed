import { captureErrors, noteCaptureError } from '../observation/index.js';
import type { PgClient } from './pg-pool.js';

export type Query = (this: PgClient, config: unknown, ...rest: unknown[]) => unknown;

/** The same query function, whose errors are looked at for as long as somebody listens; they reach the application as they are. */
export function noteCaptureErrors(schema: string, query: Query): Query {
  return function (this: PgClient, config: unknown, ...rest: unknown[]): unknown {
    if (!captureErrors.hasSubscribers) return query.call(this, config, ...rest);
    const result = query.call(this, config, ...rest.map((argument) => noting(schema, argument)));
    if (result instanceof Promise) result.catch((error: unknown) => noteCaptureError(schema, error));
    return result;
  };
}

function noting(schema: string, argument: unknown): unknown {
  if (typeof argument !== 'function') return argument;
  return (error: unknown, ...rest: unknown[]) => {
    noteCaptureError(schema, error);
    (argument as (...args: unknown[]) => void)(error, ...rest);
  };
}
