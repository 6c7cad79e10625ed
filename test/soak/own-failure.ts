import { QueryFailedError } from 'typeorm';

/** Column or table doesn't exist, or is of another type: what a release hears on tables of a later one. */
const ofOtherTables = new Set(['42703', '42P01', '42804', '23502']);

/**
 * Whether a request of the application would have failed without Backstory just so: it was the application's own
 * statement that the database refused, for a column or table that is gone. Whatever else goes wrong is Backstory's: what
 * failed inside a function of its schema, in a statement of its own, waiting for a lock, or outside of the database.
 */
export function isOwnFailure(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code, where, internalQuery } = error.driverError as {
    code?: string;
    where?: string;
    internalQuery?: string;
  };
  if (!ofOtherTables.has(code ?? '')) return false;
  if (internalQuery !== undefined || /backstory/.test(where ?? '')) return false;
  return !/backstory/.test(error.query) || selectsItself(error);
}

/** In a read that is to be replayed, which asks for events too: whether the column is one that the entity names. */
function selectsItself({ query, message }: QueryFailedError): boolean {
  const [, alias, column] = /column "?(\w+)"?\.(\S+) does not exist/.exec(message) ?? [];
  const name = column?.replace(/"/g, '');
  return name !== undefined && query.includes(`"${alias}"."${name}" AS "${alias}_`);
}

/** In one line, the same for what is the same fault. */
export function describeError(error: unknown): string {
  const { code, where, message, name } = error as Error & { code?: string; where?: string };
  const at = where?.split('\n')[0] ?? '';
  const told = `${message.split('\n')[0]} ${at}`
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…')
    .replace(/\b\d{2,}\b/g, 'n');
  return `${name} ${code ?? ''}: ${told.trim()}`;
}
