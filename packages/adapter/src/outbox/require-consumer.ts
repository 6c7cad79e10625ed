import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';

/** A misspelt name must not look like a consumer with nothing to do. @throws BackstoryError UNKNOWN_CONSUMER */
export async function requireConsumer(sql: SqlExecutor, schema: string, consumer: string): Promise<void> {
  const found = await sql.execute(
    `select from ${quoteIdentifier(schema)}.consumers where name = $1 limit 1`,
    [consumer],
  );
  if (found.length === 0) throw unknownConsumer(consumer);
}

export function unknownConsumer(consumer: string): BackstoryError {
  return new BackstoryError(
    'UNKNOWN_CONSUMER',
    `There is no consumer "${consumer}".`,
    'Start it first; "npx backstory relay" lists those that there are.',
  );
}
