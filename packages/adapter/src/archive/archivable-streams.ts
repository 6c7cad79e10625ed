import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { type ArchiveOptions, enoughEvents } from './archive-options.js';
import { isDeliveredSql } from './delivered-ends.js';

/** A stream with events that it can do without. */
export interface ArchivableStream {
  readonly id: string;
  /** How many go to the archive. */
  readonly events: number;
  /** Where it ended: the position of its last deletion. Null of one that has none. */
  readonly died: number | null;
  /** Whether it has ended without an event of its own. */
  readonly ended: boolean;
  /** Whether every consumer has handled all of its events. */
  readonly delivered: boolean;
}

const pageSize = 500;

/**
 * The next streams of a category behind `after`, in the order of their ids. Read from the index in its order, so that a page
 * costs no more than its own streams. Inside a transaction, for its settings. Without those that were archived, have lost their
 * whole log since and begun at the first position again: the archive has other events there.
 */
export async function archivableStreams(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  { before, events = enoughEvents }: Pick<ArchiveOptions, 'before' | 'events'>,
  after: string | undefined,
): Promise<ArchivableStream[]> {
  const name = quoteIdentifier(schema);
  const { category } = mapping;
  await sql.execute('set local enable_hashagg = off; set local enable_seqscan = off; set local jit = off');
  return sql.execute<ArchivableStream>(
    `select s.stream_id as id, s.died, x.ended_at is not null as ended,
       (case when s.died is null then s.events else s.died - s.first end)::float8 as events,
       ${isDeliveredSql(schema, '$1', 's.stream_id', 's.newest')} as delivered
     from (
     select a.*, case when a.deleted > coalesce(a.born, 0) then a.deleted end as died from (
       select v.stream_id, count(*) as events, max(v.global_position) as newest, max(v.recorded_at) as changed_at,
         count(*) filter (where v.recorded_at < $2) as old, min(v.stream_position) as first,
         max(v.stream_position) filter (where v.change = 'c') as born, (max(v.stream_position) filter (where v.change = 'd'))::float8 as deleted
       from ${name}.events v
       where v.category = $1 and ($4::text is null or v.stream_id > $4)
       group by v.stream_id order by v.stream_id) a
     ) s
     left join lateral (
       select u.ended_at from ${name}.untracked_ends u
       where u.category = $1 and u.stream_id = s.stream_id and ${name}.ended_untracked($1, s.stream_id)
       order by u.mark desc limit 1
     ) x on s.born > coalesce(s.deleted, 0)
     where case when x.ended_at is not null then greatest(x.ended_at, s.changed_at) < $2 and s.events > 1
         when s.died is null then s.old >= $3 else s.changed_at < $2 and s.died > s.first end
       and not exists (
         select from ${name}.archived_streams a where a.category = $1 and a.stream_id = s.stream_id and a.through > s.first)
     order by s.stream_id limit ${pageSize}`,
    [category, before, events, after ?? null],
  );
}
