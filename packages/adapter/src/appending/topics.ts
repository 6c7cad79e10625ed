import { type Database, quoteIdentifier, sqlState, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { type EntityMapping, validCategory } from '../mapping/index.js';
import { lockInstallation } from '../schema/index.js';

/** The categories without a table that a history has, in the order of their names. Empty in one that is older than topics. */
export async function readTopics(sql: SqlExecutor, schema: string): Promise<string[]> {
  const rows = await sql
    .execute<{ category: string }>(
      `select category from ${quoteIdentifier(schema)}.topics order by category collate "C"`,
    )
    .catch((error: unknown) => {
      if (sqlState(error) !== '42P01') throw error;
      return [];
    });
  return rows.map(({ category }) => category);
}

/**
 * Declares categories without a table, once for the history. `mayDeclare` is false for a start that changes nothing.
 * @throws BackstoryError CATEGORY_TAKEN where an aggregate has the name, NOT_INSTALLED where it may not be declared here;
 * InvalidOptionsError for what can't be a category
 */
export async function declareTopics(
  database: Database,
  schema: string,
  topics: readonly string[],
  mappings: readonly EntityMapping[],
  mayDeclare: boolean,
): Promise<void> {
  if (topics.length === 0) return;
  topics.forEach(validCategory);
  for (const mapping of mappings.flatMap((root) => [root, ...root.parts])) {
    const names = mapping.part ? [mapping.entity] : [mapping.category, mapping.knownAs, mapping.entity];
    const name = topics.find((topic) => names.includes(topic));
    if (name !== undefined) throw taken(name, mapping.entity);
  }
  const known = await readTopics(database, schema);
  const missing = topics.filter((topic) => !known.includes(topic));
  if (missing.length === 0) return;
  if (!mayDeclare) {
    throw new BackstoryError(
      'NOT_INSTALLED',
      `The topic "${missing.join('", "')}" is not declared in schema "${schema}" yet.`,
      'Run "npx backstory install" (with --app or --config, where the topics are named) as the owner of its tables, then start again.',
    );
  }
  await database.transaction(async (sql) => {
    await lockInstallation(sql, schema);
    const [other] = await sql.execute<{ category: string; entity: string }>(
      `select category, entity from ${quoteIdentifier(schema)}.aggregates where category = any ($1::text[])`,
      [missing],
    );
    if (other) throw taken(other.category, other.entity);
    await sql.execute(
      `insert into ${quoteIdentifier(schema)}.topics (category) select unnest($1::text[]) on conflict do nothing`,
      [missing],
    );
  });
}

function taken(topic: string, entity: string): BackstoryError {
  return new BackstoryError(
    'CATEGORY_TAKEN',
    `"${topic}" can't be a topic: it is a name of the aggregate of entity ${entity}.`,
    'Give the topic another name. Events are appended to the aggregate without one.',
  );
}
