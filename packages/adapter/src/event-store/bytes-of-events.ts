import { quoteIdentifier, quoteLiteral } from '../database/index.js';

/**
 * Bytes of events, as they are stored, that are read into memory together, as far as that is for us to choose; one event is always taken
 * whole. PostgreSQL compresses large values, to a ninetieth at most, so what comes of them is 90 MB at worst.
 */
export const bytesAtATime = 1_000_000;

/**
 * SQL: whether pages of the log have to be bounded by bytes. Values beyond 2 kB are kept apart from their rows, and where there are no more of
 * those than are read together, every page is small. It looks at the size of two files.
 */
export function hasLargeEventsSql(schema: string): string {
  const tables = ['events', 'archived_events'].map(
    (table) => `${quoteLiteral(`${quoteIdentifier(schema)}.${table}`)}::regclass`,
  );
  return `(select coalesce(sum(pg_relation_size(c.reltoastrelid)), 0) > ${bytesAtATime} from pg_class c
    where c.oid in (${tables.join(', ')}) and c.reltoastrelid <> 0)`;
}

/** SQL: bytes of one event, as it is stored. A value that is kept apart isn't fetched for it. */
export function bytesOfEventSql(event: string): string {
  return `(pg_column_size(${event}.data) + pg_column_size(${event}.metadata))`;
}
