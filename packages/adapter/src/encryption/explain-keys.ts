import { sqlState } from '../database/index.js';
import { BackstoryError } from '../errors.js';

/** A missing right on the keys, in words that say how it is given; anything else as it is. */
export function explainKeys(error: unknown, schema: string): unknown {
  if (sqlState((error as { cause?: unknown } | null)?.cause ?? error) !== '42501') return error;
  return new BackstoryError(
    'RIGHTS_MISSING',
    `This database role may not use the keys of subjects: ${(error as Error).message.split('\n')[0] ?? ''}`,
    `As the owner of Backstory's tables, for relays: npx backstory grants --app <role> --encrypt --apply. For a receiver: GRANT USAGE ON SCHEMA "${schema}" TO <role>; GRANT EXECUTE ON FUNCTION "${schema}".subject_keys_of(text[]) TO <role>;`,
    { cause: error },
  );
}

/** The same of the table itself, which is its owner's. */
export function explainKeyTable(error: unknown): unknown {
  if (sqlState((error as { cause?: unknown } | null)?.cause ?? error) !== '42501') return error;
  return new BackstoryError(
    'RIGHTS_MISSING',
    'This database role may not read the table of keys, which belongs to its owner alone.',
    "Run it as the owner of Backstory's tables.",
    { cause: error },
  );
}
