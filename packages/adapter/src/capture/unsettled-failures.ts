import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** Writes of one aggregate that went on although their capture had failed, and that no verify has settled since. */
export interface UnsettledFailures {
  readonly statements: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** SQLSTATE and message of the last one, as PostgreSQL gave them. */
  readonly lastError: { readonly code: string; readonly message: string };
}

/** By category; none of one that has none. One query. */
export async function readUnsettledFailures(
  sql: SqlExecutor,
  schema: string,
  only?: string,
): Promise<Map<string, UnsettledFailures>> {
  // moments as numbers: in another DateStyle of the session the driver makes no date of their text
  const rows = await sql.execute<{
    category: string;
    statements: number;
    first: number;
    last: number;
    code: string;
    message: string;
  }>(
    `select f.category, count(*)::float8 as statements,
       (extract(epoch from min(f.at)) * 1000)::float8 as first, (extract(epoch from max(f.at)) * 1000)::float8 as last,
       (array_agg(f.sqlstate order by f.id desc))[1] as code, (array_agg(f.message order by f.id desc))[1] as message
     from ${quoteIdentifier(schema)}.capture_failures f
     where f.settled_at is null and f.category = coalesce($1, f.category) group by f.category`,
    [only ?? null],
  );
  return new Map(
    rows.map(({ category, statements, first, last, code, message }) => [
      category,
      { statements, firstAt: new Date(first), lastAt: new Date(last), lastError: { code, message } },
    ]),
  );
}
