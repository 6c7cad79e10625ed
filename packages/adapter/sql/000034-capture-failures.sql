-- Statements whose capture has failed and that went on all the same, because their aggregate says so: one row for each. What was changed then has no
-- event until a repair. Settled by a verify that has compared everything in a snapshot that sees the row, and has found nothing.
create table :schema.capture_failures (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  transaction xid8 not null default pg_current_xact_id(),
  -- how many the statement has changed; null where even that could not be told
  rows bigint,
  category text collate "C" not null,
  table_name text not null,
  operation text not null,
  sqlstate text not null,
  message text not null,
  -- where in which function
  raised_at text,
  context jsonb not null,
  -- the first hundred; null where they could not be told
  streams text[]
);

create index capture_failures_unsettled on :schema.capture_failures (category, id) where settled_at is null;

-- Whether the functions of a table record failures: so, if this is when they were made. A release that doesn't know of it makes them anew without.
alter table :schema.aggregates add column recording_since timestamptz;

-- Errors that say nothing of capture: a transaction that has to be tried again or has no state to go on from, a server that has no room, was
-- told to stop, or is broken, a lock that was not had in time. What PostgreSQL means to end a statement with ends it.
create function :schema.ends_the_statement(state text) returns boolean language sql immutable as $$
  select left(state, 2) in ('25', '40', '53', '57', '58', 'XX') or state = '55P03'
$$;

-- Whether a write may go on whose capture has failed in such a way. Not where the failure is a refusal of Backstory's own, whose constraints have names of
-- ours, and not once reads are replayed: then the log is what is true. Whoever moves the stage waits until this transaction has ended, or this waits for them.
create function :schema.may_go_on(of_category text, state text, violated text) returns boolean language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
declare
  stands text;
begin
  if :schema.ends_the_statement(state) or starts_with(violated, 'backstory_') or current_setting('backstory.untracked', true) = 'on' then
    return false;
  end if;
  select s.stage into stands from :schema.stages s where s.category = of_category collate "C" for share;
  return coalesce(stands, 'capture') not in ('replay', 'events');
end $$;

create function :schema.note_capture_failure(
  in_category text, in_table text, in_operation text, in_state text, in_message text, in_raised_at text, in_context jsonb, in_rows bigint, in_streams text[]
) returns void language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into :schema.capture_failures (rows, category, table_name, operation, sqlstate, message, raised_at, context, streams)
  values (in_rows, in_category, in_table, in_operation, in_state, left(in_message, 500), left(in_raised_at, 1000), in_context - '$events', in_streams)
$$;

-- The failures that a statement sees, whosever they are, as ranges of ids without a hole: what is in one was seen. By ids, because they survive a restore,
-- which numbers of transactions don't.
create function :schema.seen_capture_failures(of_category text) returns jsonb language sql stable as $$
  select coalesce(jsonb_agg(jsonb_build_array(r.first, r.last)), '[]') from (
    select min(i.id) as first, max(i.id) as last from (
      select f.id, f.id - row_number() over (order by f.id) as island from :schema.capture_failures f
      where f.settled_at is null and f.category = of_category collate "C") i
    group by i.island) r
$$;

-- Settles those that a verify has seen, if it is kept as the proof that nothing differs of what is captured now.
create function :schema.settle_capture_failures(of_category text, proven text, seen jsonb) returns void
  language sql security definer set search_path = pg_catalog, pg_temp as $$
  update :schema.capture_failures f set settled_at = clock_timestamp()
  from jsonb_array_elements(seen) r
  where f.category = of_category collate "C" and f.settled_at is null and f.id between (r ->> 0)::bigint and (r ->> 1)::bigint
    and exists (
      select from :schema.verifications v
      where v.category = of_category collate "C" and v.fingerprint = proven and v.drifted = 0 and v.without_event = 0)
$$;

revoke execute on function :schema.may_go_on(text, text, text) from public;
revoke execute on function :schema.note_capture_failure(text, text, text, text, text, text, jsonb, bigint, text[]) from public;
revoke execute on function :schema.settle_capture_failures(text, text, jsonb) from public;

-- As before, and what failures of capture say, whose messages may have values in them.
create or replace function :schema.erase_events(
  in_category text, in_stream_id text, redactions jsonb, in_type text, in_schema_version smallint, in_actor text, in_reason text
) returns table (events bigint, erased_position bigint, properties jsonb) language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
#variable_conflict use_column
declare
  positions bigint[];
  in_archive bigint[];
  named jsonb;
  placed bigint;
  texts text[];
begin
  if exists (
    select from jsonb_array_elements(redactions) r join :schema.aggregates a on a.category = in_category
    where case when a.part = '' then exists (
          select from jsonb_array_elements_text(coalesce(a.captured -> 'key', '[]')) k where r -> 'tree' -> k = 'null')
        when r -> 'tree' ? a.part then jsonb_typeof(r -> 'tree' -> a.part) <> 'object'
          or jsonb_path_exists(r -> 'tree' -> a.part, '$.* ? (@.type() <> "object")')
        else false end
      -- what the application has appended has the names that it likes
      and not exists (
        select from :schema.events e
        where e.category = in_category and e.stream_id = in_stream_id and e.stream_position = (r ->> 'position')::bigint and e.change = 'n'
          and not coalesce((r ->> 'archived')::boolean, false)
        union all
        select from :schema.archived_events e
        where e.category = in_category and e.stream_id = in_stream_id and e.stream_position = (r ->> 'position')::bigint and e.change = 'n'
          and coalesce((r ->> 'archived')::boolean, false))) then
    raise exception 'Backstory: what tells rows apart can''t be erased' using errcode = 'restrict_violation';
  end if;
  -- who keeps a snapshot has read the events before it waits, or reads them when it has waited
  perform :schema.take_locks('erasure', array[0]);
  -- who seals reads the events before it waits, or finds them erased: no salt is kept for a value that is gone
  perform pg_advisory_xact_lock(hashtext('backstory seal'), hashtext((
    select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = $name$:schema.events$name$::regclass)));
  select coalesce(jsonb_agg(distinct p.property) filter (where p.property is not null), '[]'), array(select distinct t from unnest(array_agg(p.text)) t where t is not null) into named, texts
  from jsonb_array_elements(redactions) r
  join (
    select false as archived, e.stream_position, e.data from :schema.events e where e.category = in_category and e.stream_id = in_stream_id
    union all
    select true, e.stream_position, e.data from :schema.archived_events e where e.category = in_category and e.stream_id = in_stream_id
  ) e on e.stream_position = (r ->> 'position')::bigint and e.archived = coalesce((r ->> 'archived')::boolean, false)
  cross join lateral (
    select v.property, null::text as text from :schema.redacted_values(e.data, r -> 'tree') v
    union all
    select null, t from :schema.redacted_texts(e.data, r -> 'tree') t) p;

  perform set_config('backstory.erasing', 'on', true);
  with redacted as (
    update :schema.events e
    set data = :schema.redacted(e.data, c.tree),
        metadata = :schema.with_marks(e.metadata, array(select v.mark from :schema.redacted_values(e.data, c.tree) v))
          || case when c.actor and e.metadata ? 'actor' then '{"actor":"erased"}' else '{}' end::jsonb
    from :schema.redactions_of(redactions, false) c
    where e.category = in_category and e.stream_id = in_stream_id and e.stream_position = c.place
      and :schema.is_to_be_redacted(e.data, e.metadata, c.tree, c.actor)
    returning e.global_position)
  select array_agg(r.global_position) into positions from redacted r;
  with redacted as (
    update :schema.archived_events e
    set data = :schema.redacted(e.data, c.tree),
        metadata = :schema.with_marks(e.metadata, array(select v.mark from :schema.redacted_values(e.data, c.tree) v))
          || case when c.actor and e.metadata ? 'actor' then '{"actor":"erased"}' else '{}' end::jsonb
    from :schema.redactions_of(redactions, true) c
    where e.category = in_category and e.stream_id = in_stream_id and e.stream_position = c.place
      and :schema.is_to_be_redacted(e.data, e.metadata, c.tree, c.actor)
    returning e.global_position)
  select array_agg(r.global_position) into in_archive from redacted r;
  perform set_config('backstory.erasing', 'off', true);
  events := cardinality(coalesce(positions, '{}')) + cardinality(coalesce(in_archive, '{}'));
  properties := named;
  -- an error message may have values in it
  update :schema.parked_events p set error = 'erased'
  where p.error is not null and (p.category = in_category and p.stream_id = in_stream_id
    or exists (select from unnest(texts) t where strpos(p.error, t) > 0));
  update :schema.discarded_events d set error = 'erased'
  where d.error is not null and (exists (
      select from :schema.all_events e
      where e.category = in_category and e.stream_id = in_stream_id and e.global_position = d.global_position)
    or exists (select from unnest(texts) t where strpos(d.error, t) > 0));
  update :schema.consumers c set error = 'erased'
  where c.error is not null and (exists (
      select from :schema.events e
      where e.category = in_category and e.stream_id = in_stream_id and e.global_position > c.position)
    or exists (select from unnest(texts) t where strpos(c.error, t) > 0));
  update :schema.capture_failures f
  set message = 'erased', raised_at = null,
      context = f.context || case when f.context ? 'actor' and exists (select from jsonb_array_elements(redactions) r where (r ->> 'actor')::boolean)
        then '{"actor":"erased"}' else '{}' end::jsonb
  where f.category = in_category and (f.streams is null or f.rows > cardinality(f.streams) or in_stream_id = any (f.streams))
    or exists (select from unnest(texts) t where strpos(concat(f.message, f.raised_at), t) > 0);
  if events = 0 then return next; return; end if;

  update :schema.event_commitments c set salt = null
  where c.global_position = any (coalesce(positions, '{}') || coalesce(in_archive, '{}'));
  delete from :schema.snapshots n where n.category = in_category and n.stream_id = in_stream_id;
  insert into :schema.erasures as known (category, stream_id, properties) values (in_category, in_stream_id, named)
  on conflict (category, stream_id) do update set erased_at = now(), properties = (
    select coalesce(jsonb_agg(distinct p), '[]') from (
      select jsonb_array_elements(known.properties) union all select jsonb_array_elements(excluded.properties)) x (p));
  insert into :schema.events (category, stream_id, stream_position, change, schema_version, type, data, metadata)
  select in_category, in_stream_id, greatest(
      (select max(e.stream_position) from :schema.events e where e.category = in_category and e.stream_id = in_stream_id),
      (select a.through from :schema.archived_streams a where a.category = in_category and a.stream_id = in_stream_id)) + 1,
    case (select e.change from :schema.all_events e
      where e.category = in_category and e.stream_id = in_stream_id and e.change in ('c', 'd') order by e.stream_position desc limit 1)
      when 'd' then 'n' else 'u' end::"char",
    in_schema_version, in_type, '{}', jsonb_strip_nulls(jsonb_build_object(
      'origin', 'erasure', 'actor', in_actor, 'reason', in_reason,
      'erasure', jsonb_build_object('properties', named, 'events', events)))
  returning stream_position into placed;
  erased_position := placed;
  return next;
end $$;
