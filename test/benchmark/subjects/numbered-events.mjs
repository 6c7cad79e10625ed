/**
 * Capture by hand, to measure what it would cost to number events at commit instead of at write: a constant event for each row
 * that changes, with its place at the end of its stream.
 * @type {Record<'at write' | 'at commit', string>}
 */
export const numberedEvents = {
  'at write': `
    create function number_at_write() returns trigger language plpgsql as $$
    begin
      insert into backstory.events (category, stream_id, stream_position, change, type, data)
      select 'article', e.stream_id, h.position + e.place, 'u', 'ArticleUpdated', '{"stock": 1}'
      from (select id::text as stream_id, row_number() over (partition by id) as place from changed_rows) e
      cross join lateral (
        select coalesce(max(v.stream_position), 0) as position from backstory.events v
        where v.category = 'article' and v.stream_id = e.stream_id) h;
      return null;
    end $$;
    create trigger number_at_write after update on article
      referencing new table as changed_rows for each statement execute function number_at_write();`,
  // The locks are taken in order and when the application asks for no more, so nobody waits in a circle. A bounded number of
  // them, because a transaction may touch any number of streams. Found by transaction: no index grows with what is long gone.
  'at commit': `
    create table backstory.pending_events (
      transaction xid8 not null default pg_current_xact_id(),
      place bigint generated always as identity,
      first boolean not null,
      change "char" not null,
      category text collate "C" not null,
      stream_id text collate "C" not null,
      type text collate "C" not null,
      data json not null,
      metadata jsonb not null default '{}',
      primary key (transaction, place)
    );
    create function write_pending() returns trigger language plpgsql as $$
    begin
      insert into backstory.pending_events (first, category, stream_id, change, type, data)
      select row_number() over () = 1, 'article', id::text, 'u', 'ArticleUpdated', '{"stock": 1}' from changed_rows;
      return null;
    end $$;
    create trigger write_pending after update on article
      referencing new table as changed_rows for each statement execute function write_pending();
    create function number_at_commit() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(4711, l.bucket) from (
        select distinct hashtext(stream_id) & 1023 as bucket from backstory.pending_events
        where transaction = pg_current_xact_id() order by 1) l;
      with pending as (delete from backstory.pending_events where transaction = pg_current_xact_id() returning *)
      insert into backstory.events (category, stream_id, stream_position, change, type, data, metadata)
      select e.category, e.stream_id, h.position + e.number, e.change, e.type, e.data, e.metadata
      from (select p.*, row_number() over (partition by p.category, p.stream_id order by p.place) as number from pending p) e
      cross join lateral (
        select coalesce(max(v.stream_position), 0) as position from backstory.events v
        where v.category = e.category and v.stream_id = e.stream_id) h
      order by e.place;
      return null;
    end $$;
    create constraint trigger number_at_commit after insert on backstory.pending_events
      deferrable initially deferred for each row when (new.first) execute function number_at_commit();`,
};

/**
 * @param {import('typeorm').DataSource} dataSource
 * @param {keyof typeof numberedEvents} when
 */
export async function numberEvents(dataSource, when) {
  await dataSource.query('drop trigger "00_backstory_update" on article');
  await dataSource.query(numberedEvents[when]);
}
