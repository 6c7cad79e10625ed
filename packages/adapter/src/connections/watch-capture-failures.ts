import { noteCaptureError } from '../observation/index.js';
import type { PgClient, PgPool } from './pg-pool.js';

/** An ErrorResponse as pg emits it, before the statement's own promise or callback has it. */
interface ErrorMessage extends Error {
  code?: string;
  where?: string;
  schema?: string;
  constraint?: string;
}

/** What mends a history whose capture fails, in the background. */
export interface CaptureMends {
  /** Triggers that a table has left behind. */
  readonly triggers: () => void;
  /** Global positions that are given a second time. */
  readonly positions: () => void;
}

interface Connection {
  prependListener(event: 'errorMessage' | 'notice', listener: (message: ErrorMessage) => void): unknown;
}

/** What a trigger function says whose table has changed in a way that it can't outlive: of columns, types or functions. */
const stale = /^(?:42|55000)/;

/** The schema of the function that PostgreSQL says an error is from, as it writes it: quoted or not. */
const captureFunction = /function (?:"((?:[^"]|"")+)"|([^\s."]+))\."?capture_/g;

/**
 * Looks at the errors of statements that arise inside the capture of a history that `mendsOf` knows by its schema. One that says
 * that a trigger is out of date, or that a position is taken, has it mended, and gets a first line that says what to do. The
 * application's own errors reach it unchanged, and a statement without an error is never looked at, but for the warning that its failure was recorded.
 * @returns ends it
 */
export function watchCaptureFailures(
  pool: PgPool,
  mendsOf: (schema: string) => CaptureMends | undefined,
): () => void {
  let ended = false;
  const watched = new WeakSet<Connection>();
  const onError = (error: ErrorMessage): void => {
    if (ended) return;
    // of parts: at commit, outside of the functions of capture
    if (error.constraint === 'events_global_position') {
      const mends = error.schema === undefined ? undefined : mendsOf(error.schema);
      if (!mends) return;
      error.message = `The sequence of Backstory's global positions is behind the log, as after a restore without sequences: run "npx backstory install". Meanwhile this statement fails: ${error.message}`;
      return mends.positions();
    }
    // no failure: what an operator has asked for
    if (error.constraint === 'backstory_residual' || !error.where?.includes('capture_')) return;
    const schemas = [...error.where.matchAll(captureFunction)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? (plain as string),
    );
    const schema = schemas.find(mendsOf);
    const mends = schema === undefined ? undefined : mendsOf(schema);
    if (schema === undefined || !mends) return;
    noteCaptureError(schema, error);
    if (!stale.test(error.code ?? '')) return;
    if (error.code !== '55000') {
      error.message = `A table has changed since Backstory's triggers were made: run "npx backstory install". Meanwhile this statement fails: ${error.message}`;
    }
    mends.triggers();
  };
  const onNotice = (warning: ErrorMessage): void => {
    if (ended || warning.constraint !== 'backstory_capture_failure' || warning.schema === undefined) return;
    const mends = mendsOf(warning.schema);
    if (!mends) return;
    noteCaptureError(warning.schema, warning);
    if (stale.test(warning.code ?? '')) mends.triggers();
    // the position of the log or of the stream: which one, mending finds out
    if (warning.code === '23505') mends.positions();
  };
  const onAcquire = (client: PgClient): void => {
    const { connection } = client as unknown as { connection?: Connection };
    if (!connection || watched.has(connection)) return;
    watched.add(connection);
    connection.prependListener('errorMessage', onError);
    connection.prependListener('notice', onNotice);
  };
  pool.on('acquire', onAcquire);
  return () => {
    ended = true;
    pool.off('acquire', onAcquire);
  };
}
