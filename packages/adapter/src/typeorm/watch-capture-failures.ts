import { noteCaptureError } from '../observation/index.js';
import type { PgClient, PgPool } from './pg-pool.js';

/** An ErrorResponse as pg emits it, before the statement's own promise or callback has it. */
interface ErrorMessage extends Error {
  code?: string;
  where?: string;
  schema?: string;
  constraint?: string;
}

interface Connection {
  prependListener(event: 'errorMessage', listener: (error: ErrorMessage) => void): unknown;
}

/** What a trigger function says whose table has changed in a way that it can't outlive: of columns, types or functions. */
const stale = /^(?:42|55000)/;

const watched = Symbol.for('@backstory/adapter:capture-failures');

/**
 * Looks at the errors of statements that arise inside capture. One that says that a trigger is out of date is told to
 * `onStale`, one of positions that are given again to `onRepeated`; both get a first line that says what to do. The application's own errors reach it unchanged, and a statement without
 * an error is never looked at.
 * @returns ends it
 */
export function watchCaptureFailures(
  pool: PgPool,
  schema: string,
  onStale: () => void,
  onRepeated: () => void,
): () => void {
  let ended = false;
  const inCapture = new RegExp(
    `function (?:"?${schema.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}"?\\.)"?capture_`,
  );
  const onError = (error: ErrorMessage): void => {
    if (ended) return;
    // of parts: at commit, outside of the functions of capture
    if (error.constraint === 'events_global_position' && error.schema === schema) {
      error.message = `The sequence of Backstory's global positions is behind the log, as after a restore without sequences: run "npx backstory install". Meanwhile this statement fails: ${error.message}`;
      onRepeated();
      return;
    }
    if (!error.where?.includes('capture_') || !inCapture.test(error.where)) return;
    noteCaptureError(schema, error);
    if (!stale.test(error.code ?? '')) return;
    if (error.code !== '55000') {
      error.message = `A table has changed since Backstory's triggers were made: run "npx backstory install". Meanwhile this statement fails: ${error.message}`;
    }
    onStale();
  };
  const onAcquire = (client: PgClient): void => {
    const { connection } = client as unknown as { connection?: Connection & { [watched]?: unknown } };
    if (!connection || connection[watched] === onError) return;
    connection[watched] = onError;
    connection.prependListener('errorMessage', onError);
  };
  pool.on('acquire', onAcquire);
  return () => {
    ended = true;
    pool.off('acquire', onAcquire);
  };
}
