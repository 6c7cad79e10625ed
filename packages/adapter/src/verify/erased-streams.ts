import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';
import { type EntityMapping, streamIdSql } from '../mapping/index.js';
import { compareInNode } from './compare-in-node.js';
import type { Comparison } from './comparison.js';
import type { VerifyScope } from './verify-scope.js';

/**
 * Compares streams of which something was erased page by page, with a look at their marks, and all others as `compareOthers` does.
 * Where nothing was erased in the category that is all of them.
 */
export async function besideErased<Result extends Comparison>(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  scope: VerifyScope,
  limit: number,
  compareOthers: (others: VerifyScope) => Promise<Result>,
): Promise<Result> {
  if (scope.comparesErased || !(await hasErasedStreams(sql, schema, mapping))) return compareOthers(scope);
  const others = await compareOthers(withoutErased(schema, mapping, scope));
  const erased = await compareInNode(sql, schema, mapping, onlyErased(schema, mapping, scope), limit);
  return added(others, erased, limit);
}

function added<Result extends Comparison>(one: Result, other: Comparison, limit: number): Result {
  const counted = ['rows', 'states', 'drifted'] as const;
  const sums = counted.flatMap((name) => {
    const [first, second] = [one, other].map((each) => (each as Partial<Record<typeof name, number>>)[name]);
    return first === undefined ? [] : [[name, first + (second ?? 0)] as const];
  });
  return { ...one, ...Object.fromEntries(sums), drift: [...one.drift, ...other.drift].slice(0, limit) };
}

async function hasErasedStreams(
  sql: SqlExecutor,
  schema: string,
  { category }: EntityMapping,
): Promise<boolean> {
  const [row] = await sql.execute<{ erased: boolean }>(
    `select exists (select from ${quoteIdentifier(schema)}.erasures where category = $1) as erased`,
    [category],
  );
  return (row as { erased: boolean }).erased;
}

function erasedSql(schema: string, { category }: EntityMapping): string {
  return `(select x.stream_id from ${quoteIdentifier(schema)}.erasures x where x.category = ${quoteLiteral(category)})`;
}

function withoutErased(schema: string, { category }: EntityMapping, scope: VerifyScope): VerifyScope {
  const isErased = (streamId: string): string =>
    `exists (select from ${quoteIdentifier(schema)}.erasures x where x.category = ${quoteLiteral(category)} and x.stream_id = ${streamId})`;
  return {
    ...scope,
    rows: (of, alias) => `${scope.rows(of, alias)} and not ${isErased(streamIdSql(of, alias))}`,
    events: (alias) => `${scope.events(alias)} and not ${isErased(`${alias}.stream_id`)}`,
  };
}

function onlyErased(schema: string, mapping: EntityMapping, scope: VerifyScope): VerifyScope {
  const erased = erasedSql(schema, mapping);
  return {
    ...scope,
    rows: (of, alias) => `${scope.rows(of, alias)} and ${streamIdSql(of, alias)} in ${erased}`,
    events: (alias) => `${scope.events(alias)} and ${alias}.stream_id in ${erased}`,
    listed: erased,
  };
}
