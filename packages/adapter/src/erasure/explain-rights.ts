import { sqlState } from '../database/index.js';
import { BackstoryError } from '../errors.js';

/** What a role lacks that erases without being the owner of the tables; any other error as it is. */
export function explainRights(error: unknown): unknown {
  if (sqlState(error) !== '42501') return error;
  return new BackstoryError(
    'RIGHTS_MISSING',
    `This database role lacks a right that erasing needs: ${(error as Error).message}. Nothing was erased of this stream.`,
    "As the owner of Backstory's tables: npx backstory grants --app <role> --erase --apply. It locks the rows of the stream, for which it needs SELECT and UPDATE on the application's tables, and nothing else there. docs/privacy.md names the single rights.",
    { cause: error },
  );
}
