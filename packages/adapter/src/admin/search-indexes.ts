import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** What the log can be searched by, out of the metadata. */
export type SearchedMetadata = 'actor' | 'correlationId';

/** An index that makes a search of the whole log quick. Backstory makes none: each costs every event that is written. */
export interface SearchIndex {
  readonly exists: boolean;
  /** The statement that makes it. */
  readonly sql: string;
}

const names: Readonly<Record<SearchedMetadata, string>> = {
  actor: 'events_actor',
  correlationId: 'events_correlation',
};

/** Which of them are there, and valid: found by what they index, whatever their names are. */
export async function readSearchIndexes(
  sql: SqlExecutor,
  schema: string,
): Promise<Readonly<Record<SearchedMetadata, SearchIndex>>> {
  const rows = await sql.execute<{ first: string; second: string; predicate: string | null }>(
    `select pg_get_indexdef(i.indexrelid, 1, true) as first, pg_get_indexdef(i.indexrelid, 2, true) as second,
       pg_get_expr(i.indpred, i.indrelid, true) as predicate
     from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
     join pg_class x on x.oid = i.indexrelid join pg_am a on a.oid = x.relam
     where n.nspname = $1 and c.relname = 'events' and i.indisvalid and i.indnkeyatts >= 2 and a.amname = 'btree'`,
    [schema],
  );
  const of = (property: SearchedMetadata): SearchIndex => {
    const key = `metadata ->> '${property}'::text`;
    const exists = rows.some(
      ({ first, second, predicate }) =>
        bare(first) === key &&
        second === 'global_position' &&
        (predicate === null || bare(predicate.replace(/ is not null\)?$/i, '')) === key),
    );
    const events = `${quoteIdentifier(schema)}.events`;
    return {
      exists,
      sql:
        `create index concurrently ${names[property]} on ${events} ((metadata ->> '${property}'), global_position) ` +
        `where (metadata ->> '${property}') is not null;`,
    };
  };
  return { actor: of('actor'), correlationId: of('correlationId') };
}

/** Without the parentheses that PostgreSQL may put around it. */
function bare(expression: string): string {
  return expression.replace(/^\(+|\)+$/g, '').trim();
}
