import { quoteIdentifier, sqlState } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { DeliveryTransactions } from '../outbox/index.js';

interface Place {
  readonly role: string;
  /** Where tables without a schema are created; null where the role may use none. */
  readonly schema: string | null;
  readonly may: boolean | null;
}

/** The right that a role lacks to create the tables of a projection, with what gives it; any other error as it is. */
export async function creationRefused(
  error: unknown,
  projection: string,
  transactions: DeliveryTransactions,
): Promise<unknown> {
  if (sqlState(error) !== '42501') return error;
  // as the tables would have been created: with the search_path of a tenant, where it is of one
  const place = await transactions
    .run(60_000, (sql) =>
      sql.execute<Place>(
        `select current_user::text as role, current_schema()::text as schema, has_schema_privilege(current_schema(), 'create') as may`,
      ),
    )
    .catch(() => []);
  const [{ role = '', schema = null, may = null } = {}] = place as readonly Partial<Place>[];
  const refused = `Projection "${projection}" can't create its tables as role "${role}"`;
  const { message } = error as Error;
  if (schema === null || may !== false)
    return new BackstoryError(
      'RIGHTS_MISSING',
      `${refused}: ${message}.`,
      'Give this role what "create" of the projection needs. See docs/security.md.',
      { cause: error },
    );
  return new BackstoryError(
    'RIGHTS_MISSING',
    `${refused}, which lacks CREATE on schema ${quoteIdentifier(schema)}: ${message}.`,
    `As the owner of the schema: GRANT CREATE ON SCHEMA ${quoteIdentifier(schema)} TO ${quoteIdentifier(role)}; or give the application a schema of its own for read models, first in its search_path. See docs/security.md.`,
    { cause: error },
  );
}
