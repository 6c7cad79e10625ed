import { types } from 'node:util';
import type { Client } from 'pg';
import { printed } from '../../values/history.js';
import { copyIn } from './copy-in.js';
import type { CopyIn } from './write-sql.js';

/** What a write came to, as far as the application sees it. */
export interface Outcome {
  readonly said: string;
  /** For people. */
  readonly message: string;
}

export async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    const result = await work();
    return { said: printed(result), message: '' };
  } catch (error) {
    if (!types.isNativeError(error) && !(error instanceof Error)) throw error;
    const { code, constraint, message, where } = error as Error & {
      code?: string;
      constraint?: string;
      where?: string;
    };
    return {
      said: `failed: ${[code ?? message, constraint].filter(Boolean).join(' ')}`,
      message: `${message} ${where ?? ''}`,
    };
  }
}

export function runSql(client: Client, sql: string | CopyIn): Promise<Outcome> {
  return outcomeOf(async () => {
    if (typeof sql !== 'string') {
      return copyIn(client, sql.copy, sql.data).catch((error: Error) => {
        // which of several faults COPY meets first depends on how it buffers the rows, and that on triggers
        throw new Error('COPY', { cause: error });
      });
    }
    const result = await client.query(sql);
    return Array.isArray(result)
      ? result.map(({ rowCount }) => rowCount as number | null)
      : [result.rowCount, result.rows];
  });
}
