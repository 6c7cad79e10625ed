import { renewRefusal } from '../capture/index.js';
import { type Database, serverError, sqlState, type SqlExecutor } from '../database/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { lockInstallation } from '../schema/index.js';
import type { ResidualPolicy, Stage, StageChange } from '../stages/index.js';

/**
 * Moves an aggregate and has its triggers refuse what no command explains, in one transaction. The functions are replaced, no table is locked, and a
 * statement under way ends as it has begun.
 * @throws BackstoryError CAPTURE_REFUSED
 */
export async function beginRefusal(
  sql: SqlExecutor,
  schema: string,
  category: string,
  move: () => Promise<StageChange>,
): Promise<StageChange> {
  await lockInstallation(sql, schema);
  const change = await move();
  try {
    await renewRefusal(sql, schema, category);
  } catch (error) {
    if (sqlState(error) !== '42501') throw error;
    throw new BackstoryError(
      'CAPTURE_REFUSED',
      `This database role may not replace the functions that capture "${category}": ${(serverError(error) as Error).message}.`,
      'Have writes refused as the role that has installed. To let them through again needs no such right.',
      { cause: error },
    );
  }
  return change;
}

/** Takes the question out of the functions: they have been answered no since the change of the stage, so a role without the right leaves them. */
export async function endRefusal(database: Database, schema: string, category: string): Promise<void> {
  try {
    await database.transaction(async (sql) => {
      await lockInstallation(sql, schema);
      await renewRefusal(sql, schema, category);
    });
  } catch (error) {
    if (sqlState(error) !== '42501' && !BackstoryError.is(error, 'CAPTURE_REFUSED')) throw error;
  }
}

/** @throws InvalidOptionsError for what isn't a policy, another stage than events, or a role that isn't there */
export async function requireResidual(sql: SqlExecutor, stage: Stage, policy: ResidualPolicy): Promise<void> {
  if (stage !== 'events') {
    throw new InvalidOptionsError(
      `What becomes of writes without a command was said of ${stage}.`,
      'Only stage events has "residual": in the others everybody may write.',
    );
  }
  if (policy === 'allow' || policy === 'refuse') return;
  const roles: unknown = (policy as { refuse?: unknown } | null)?.refuse;
  if (!Array.isArray(roles) || roles.length === 0 || !roles.every((role) => typeof role === 'string')) {
    throw new InvalidOptionsError(
      `residual: ${JSON.stringify(policy)} is not known.`,
      `Use 'allow', 'refuse', or { refuse: ['app'] } with names of database roles.`,
    );
  }
  const found = await sql.execute<{ name: string }>(
    `select rolname::text as name from pg_roles where rolname = any ($1::text[])`,
    [roles],
  );
  const missing = roles.filter((role) => !found.some(({ name }) => name === role));
  if (missing.length === 0) return;
  throw new InvalidOptionsError(
    `There is no role ${missing.map((role) => `"${String(role)}"`).join(' or ')} on this server.`,
    'Name the roles that the application connects as.',
  );
}
