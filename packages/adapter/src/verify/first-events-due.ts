import { isBackfillComplete } from '../backfill/index.js';
import { quoteIdentifier, quoteLiteral, quoteTable, type SqlExecutor } from '../database/index.js';
import { type EntityMapping, streamIdSql } from '../mapping/index.js';
import { refuseIds } from './refuse-ids.js';
import type { VerifyScope } from './verify-scope.js';

/**
 * Until the backfill of an aggregate is complete, rows without any event are not drift: their first event is due, and
 * a correction in its place would say of the row that it was changed.
 */
export async function firstEventsDue(
  sql: SqlExecutor,
  schema: string,
  root: EntityMapping,
  scope: VerifyScope,
): Promise<{ readonly rows: number; readonly others: VerifyScope }> {
  if (await isBackfillComplete(sql, schema, root.category)) return { rows: 0, others: scope };
  const counted = sql.execute<{ rows: number }>(
    `select count(*)::float8 as rows from ${quoteTable(root.table)} t
     where ${scope.rows(root, 't')} and ${hasNoStreamSql(schema, root, 't')}`,
    scope.values,
  );
  const [due] = await counted.catch(refuseIds(root, scope));
  const { rows } = due as { rows: number };
  return { rows, others: rows === 0 ? scope : withStream(schema, root, scope) };
}

/** The rows of a scope whose aggregate has a stream, and parts of which no row is the root: a backfill doesn't come to them. */
function withStream(schema: string, root: EntityMapping, scope: VerifyScope): VerifyScope {
  return {
    ...scope,
    rows: (mapping, alias) => {
      const chosen = scope.rows(mapping, alias);
      if (!mapping.part) return `${chosen} and not (${hasNoStreamSql(schema, root, alias)})`;
      return `${chosen} and not exists (
        select from ${quoteTable(root.table)} due
        where ${streamIdSql(root, 'due')} = ${streamIdSql(mapping, alias)} and ${hasNoStreamSql(schema, root, 'due')})`;
    },
  };
}

/** Archived events are some, too. */
function hasNoStreamSql(schema: string, root: EntityMapping, alias: string): string {
  const noneOf = (table: string): string =>
    `not exists (select from ${quoteIdentifier(schema)}.${table} s
       where s.category = ${quoteLiteral(root.category)} and s.stream_id = ${streamIdSql(root, alias)})`;
  return `${noneOf('events')} and ${noneOf('archived_streams')}`;
}
