import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';
import { categoriesWithEvents } from '../event-store/index.js';
import { readStoredTables } from '../mapping/index.js';

/** What a publication of the log has. */
export interface PublicationOptions {
  /** @defaultValue 'backstory' */
  readonly name?: string;
  /** Only events of these categories. @defaultValue all, also those that come later */
  readonly categories?: readonly string[];
  /** First events of rows that were there before. @defaultValue true: a reader that has them has every stream from its beginning */
  readonly backfill?: boolean;
}

interface Publication {
  /** What makes it, or makes it what is asked for. */
  readonly statements: readonly string[];
  /** What keeps it from being read as it is meant, and what its reader has to know, in words. */
  readonly remarks: readonly string[];
}

/** Columns that readers may rely on; one that a later version adds is published when this is run again. */
const columns = [
  'global_position',
  'stream_position',
  'recorded_at',
  'schema_version',
  'change',
  'category',
  'stream_id',
  'type',
  'data',
  'metadata',
];

/**
 * The statements for a publication of the log, from which change-data tools read events in the order of commits: each stream in its order, and
 * only what is committed. It has what is inserted. What an archive puts at the place of events, and what fills a gap, is for replays
 * and left out where the server can filter rows, from PostgreSQL 15 on.
 * @throws InvalidOptionsError for a category that nobody has; where rows are to be filtered on an older server
 */
export async function publicationFor(
  sql: SqlExecutor,
  schema: string,
  { name = 'backstory', categories, backfill = true }: PublicationOptions,
): Promise<Publication> {
  const [server] = await sql.execute<{ version: number; logical: boolean; exists: boolean }>(
    `select current_setting('server_version_num')::integer as version, current_setting('wal_level') = 'logical' as logical,
            exists (select from pg_publication where pubname = $1) as exists`,
    [name],
  );
  const { version = 0, logical = false, exists = false } = server ?? {};
  if (categories) await requireCategories(sql, schema, categories);
  const filters = version >= 150_000;
  if (!filters && (categories || !backfill)) {
    throw new InvalidOptionsError(
      "A publication takes whole tables before PostgreSQL 15: categories and first events can't be left out.",
      'Publish all of them, and let the reader leave out what it does not want.',
    );
  }
  const events = `${quoteIdentifier(schema)}.events`;
  const table = filters
    ? `${events} (${columns.join(', ')}) WHERE (${conditions(categories, backfill).join(' AND ')})`
    : events;
  const quoted = quoteIdentifier(name);
  const statements = exists
    ? [
        `ALTER PUBLICATION ${quoted} SET TABLE ${table}`,
        `ALTER PUBLICATION ${quoted} SET (publish = 'insert')`,
      ]
    : [`CREATE PUBLICATION ${quoted} FOR TABLE ${table} WITH (publish = 'insert')`];
  return { statements, remarks: remarksOn(filters, logical) };
}

function conditions(categories: readonly string[] | undefined, backfill: boolean): string[] {
  return [
    `metadata ->> 'origin' IS DISTINCT FROM 'archive'`,
    `NOT metadata ? 'filled'`,
    ...(backfill ? [] : [`metadata ->> 'origin' IS DISTINCT FROM 'backfill'`]),
    ...(categories ? [`category IN (${categories.map(quoteLiteral).join(', ')})`] : []),
  ];
}

function remarksOn(filters: boolean, logical: boolean): string[] {
  return [
    ...(logical
      ? []
      : [
          'wal_level is not "logical" on this server, so nobody can read it yet: ALTER SYSTEM SET wal_level = logical, then restart.',
        ]),
    ...(filters
      ? []
      : [
          `This server can't filter rows: leave out those whose metadata has "origin": "archive" or "filled", which are for replays.`,
        ]),
    'A reader keeps the write-ahead log in a replication slot until it has read it: npx backstory doctor says when one lags.',
  ];
}

/** @throws InvalidOptionsError */
async function requireCategories(
  sql: SqlExecutor,
  schema: string,
  categories: readonly string[],
): Promise<void> {
  const known = new Set(await categoriesWithEvents(sql, schema));
  for (const { category } of await readStoredTables(sql, schema)) known.add(category);
  const unknown = categories.find((category) => !known.has(category));
  if (unknown === undefined) return;
  throw new InvalidOptionsError(
    `Nothing is captured or appended under the category "${unknown}".`,
    `Use one of: ${[...known].sort().join(', ')}.`,
  );
}
