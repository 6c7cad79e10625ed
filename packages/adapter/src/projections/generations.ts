import { type Database, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import type { DeliveryTransactions } from '../outbox/index.js';
import { creationRefused } from './creation-refused.js';
import { generationName, generationTable, type ProjectionDefinition } from './projection-definition.js';

/** Which generation is read, and which one is being built beside it. */
export interface Generations {
  readonly live: number;
  readonly next: number | null;
}

export async function readGenerations(
  sql: SqlExecutor,
  schema: string,
  projection: string,
): Promise<Generations | undefined> {
  const [row] = await sql.execute<Generations>(
    `select live, next from ${quoteIdentifier(schema)}.projections where name = $1`,
    [projection],
  );
  return row;
}

/**
 * The projection, new or known.
 * @throws InvalidOptionsError for one that has its checkpoint in another database than it says now
 */
export async function openProjection(
  database: Database,
  schema: string,
  { name, tables = [] }: Pick<ProjectionDefinition, 'name' | 'tables'>,
  place: string | null,
): Promise<void> {
  const [row] = await database.execute<{ place: string | null }>(
    `insert into ${quoteIdentifier(schema)}.projections as p (name, live, rebuildable, place) values ($1, 1, $2, $3)
     on conflict (name) do update set rebuildable = $2,
       place = case when (p.place is null) = ($3::text is null) then $3 else p.place end returning place`,
    [name, tables.length > 0, place],
  );
  const known = row?.place ?? null;
  if (known === place) return;
  throw new InvalidOptionsError(
    `Projection "${name}" has its checkpoint in ${known ?? 'the database of the log'}, and is to live in ${place ?? 'the database of the log'}: nothing tells what is there already.`,
    'Give it a new name there: it is built from the beginning.',
  );
}

/**
 * Asks for a new generation; whoever runs the projection builds it.
 * @throws BackstoryError for an unknown projection, and one that would be written over
 */
export async function askForRebuild(
  sql: SqlExecutor,
  schema: string,
  projection: string,
): Promise<Generations> {
  await requireStarted(sql, schema, projection);
  const table = quoteIdentifier(schema);
  const [row] = await sql.execute<Generations>(
    `update ${table}.projections set next = coalesce(next, live + 1), changed_at = clock_timestamp()
     where name = $1 and rebuildable returning live, next`,
    [projection],
  );
  if (row) return row;
  throw new InvalidOptionsError(
    `Projection "${projection}" names no tables: a second generation would write over the live one.`,
    'Name them in "tables", create them in "create" and write to delivery.tables.',
  );
}

/**
 * What stands of a projection, once its live generation has been started: nobody builds one that has no tables yet.
 * @throws BackstoryError UNKNOWN_CONSUMER
 */
export async function requireStarted(
  sql: SqlExecutor,
  schema: string,
  projection: string,
): Promise<Generations> {
  const table = quoteIdentifier(schema);
  // in one statement: the generation that was live a moment ago is gone when another one has taken its place
  const [found] = await sql.execute<Generations & { started: boolean }>(
    `select live, next, exists (select from ${table}.consumers c where c.name = p.name || '@' || p.live) as started
     from ${table}.projections p where name = $1`,
    [projection],
  );
  if (!found) throw unknownProjection(projection);
  const { started, ...generations } = found;
  if (started) return generations;
  throw new BackstoryError(
    'UNKNOWN_CONSUMER',
    `Projection "${projection}" has never started: there is no generation that could be built anew.`,
    'Start the application that runs it, and look there why it could not: its first start builds it from the beginning.',
  );
}

function unknownProjection(name: string): BackstoryError {
  return new BackstoryError(
    'UNKNOWN_CONSUMER',
    `There is no projection "${name}".`,
    '"npx backstory relay" lists those that have started.',
  );
}

export function tablesOf(
  { tables = [] }: Pick<ProjectionDefinition, 'tables'>,
  generation: number,
): Record<string, string> {
  return Object.fromEntries(
    tables.map((table) => [table, quoteIdentifier(generationTable(table, generation))]),
  );
}

/**
 * Creates the tables of a generation where they aren't there; of the live one also the views.
 * @throws BackstoryError RIGHTS_MISSING
 */
export async function prepareGeneration(
  transactions: DeliveryTransactions,
  schema: string,
  definition: ProjectionDefinition,
  generation: number,
): Promise<void> {
  const tables = tablesOf(definition, generation);
  const [first] = Object.values(tables);
  if (first === undefined) return;
  const create: Parameters<typeof transactions.run<void>>[1] = async (sql, manager) => {
    const [{ live } = { live: 0 }] = await sql.execute<Generations>(
      `select live from ${quoteIdentifier(schema)}.projections where name = $1 for update`,
      [definition.name],
    );
    const [found] = await sql.execute(`select from pg_class where oid = to_regclass($1)`, [first]);
    if (found) return;
    await definition.create?.(manager, tables);
    if (live === generation) await pointViews(sql, definition, generation);
  };
  await transactions.run(60_000, create).catch(async (error: unknown) => {
    throw await creationRefused(error, definition.name, transactions);
  });
}

/**
 * Makes the next generation the live one, if it has handled everything that the live one has, and nothing of it is parked.
 * The rows of both are locked, so neither moves meanwhile, and no reader sees less than before.
 */
export async function switchOver(
  database: Database,
  schema: string,
  definition: ProjectionDefinition,
  generation: number,
): Promise<boolean> {
  const table = quoteIdentifier(schema);
  return database.transaction(async (sql) => {
    await sql.execute(`set local lock_timeout = '2s'`);
    const [state] = await sql.execute<Generations>(
      `select live, next from ${table}.projections where name = $1 for update`,
      [definition.name],
    );
    if (state?.next !== generation) return false;
    const names = [state.live, generation].map((number) => generationName(definition.name, number));
    await sql.execute(
      `select from ${table}.consumers where name = any ($1) order by name, partition for update`,
      [names],
    );
    const [ready] = await sql.execute<{ ready: boolean | null }>(
      `select min(n.position) >= (select max(position) from ${table}.consumers where name = $1)
         and not bool_or(exists (select from ${table}.gaps_of(n.gaps, n.resting_gaps) g
           join ${table}.events e on e.global_position between g.first and g.last))
         and not exists (select from ${table}.parked_events where consumer = $2) as ready
       from ${table}.consumers n where n.name = $2`,
      names,
    );
    if (!ready?.ready) return false;
    await pointViews(sql, definition, generation);
    await sql.execute(`delete from ${table}.consumers where name = $1`, [names[0]]);
    await sql.execute(`delete from ${table}.parked_events where consumer = $1`, [names[0]]);
    await sql.execute(
      `update ${table}.projections set live = $2, next = null, changed_at = clock_timestamp() where name = $1`,
      [definition.name, generation],
    );
    return true;
  });
}

/** In a transaction of its own: workers of that generation may still have the tables locked. */
export async function dropTables(
  sql: SqlExecutor,
  definition: ProjectionDefinition,
  generation: number,
): Promise<void> {
  for (const table of Object.values(tablesOf(definition, generation))) {
    await sql.execute(`drop table if exists ${table}`);
  }
}

async function pointViews(
  sql: SqlExecutor,
  definition: ProjectionDefinition,
  generation: number,
): Promise<void> {
  for (const [view, table] of Object.entries(tablesOf(definition, generation))) {
    await sql.execute(`drop view if exists ${quoteIdentifier(view)}`);
    await sql.execute(`create view ${quoteIdentifier(view)} as select * from ${table}`);
  }
}
