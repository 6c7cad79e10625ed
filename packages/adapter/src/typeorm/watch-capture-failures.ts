import { noteCaptureError } from '../observation/index.js';
import type { PgClient, PgPool } from './pg-pool.js';

/** An ErrorResponse as pg emits it, before the statement's own promise or callback has it. */
interface ErrorMessage extends Error {
  code?: string;
  where?: string;
}

interface Connection {
  prependListener(event: 'errorMessage', listener: (error: ErrorMessage) => void): unknown;
}

/** What a trigger function says whose table has changed in a way that it can't outlive: of columns, types or functions. */
const stale = /^(?:42|55000)/;

/** The schema of the function that PostgreSQL says an error is from, as it writes it: quoted or not. */
const captureFunction = /function (?:"((?:[^"]|"")+)"|([^\s."]+))\."?capture_/g;

/**
 * Looks at the errors of statements that arise inside the capture of a history that `onStale` knows by its schema. One that says
 * that a trigger is out of date is told to it, and gets a first line that says what to do. The application's own errors reach it unchanged, and a statement without
 * an error is never looked at.
 * @returns ends it
 */
export function watchCaptureFailures(
  pool: PgPool,
  onStale: (schema: string) => (() => void) | undefined,
): () => void {
  let ended = false;
  const watched = new WeakSet<Connection>();
  const onError = (error: ErrorMessage): void => {
    if (ended || !error.where?.includes('capture_')) return;
    const schemas = [...error.where.matchAll(captureFunction)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? (plain as string),
    );
    const schema = schemas.find(onStale);
    const mend = schema === undefined ? undefined : onStale(schema);
    if (schema === undefined || !mend) return;
    noteCaptureError(schema, error);
    if (!stale.test(error.code ?? '')) return;
    if (error.code !== '55000') {
      error.message = `A table has changed since Backstory's triggers were made: run "npx backstory install". Meanwhile this statement fails: ${error.message}`;
    }
    mend();
  };
  const onAcquire = (client: PgClient): void => {
    const { connection } = client as unknown as { connection?: Connection };
    if (!connection || watched.has(connection)) return;
    watched.add(connection);
    connection.prependListener('errorMessage', onError);
  };
  pool.on('acquire', onAcquire);
  return () => {
    ended = true;
    pool.off('acquire', onAcquire);
  };
}
