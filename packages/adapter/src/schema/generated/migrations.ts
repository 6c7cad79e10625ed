// Generated from sql/*.sql by "npm run build:migrations". Do not edit.
export const migrations = [
  {
    id: 1,
    name: '000001-events',
    sql: String.raw`
-- The event store, which is also the outbox. Written by the capture triggers, the backfill and repair only.
-- Fixed-width columns come first, so that no byte is lost to alignment.
create table :schema.events (
  global_position bigint generated always as identity (cache 1),
  stream_position bigint not null,
  recorded_at timestamptz not null default clock_timestamp(),
  schema_version smallint not null default 1,
  -- c created: data is the full state. u updated: data is what changed. d deleted.
  change "char" not null check (change in ('c', 'u', 'd')),
  category text collate "C" not null,
  stream_id text collate "C" not null,
  type text collate "C" not null,
  -- as text: a seventh smaller than jsonb, and what is read most is read whole
  data json not null,
  metadata jsonb not null default '{}',
  primary key (category, stream_id, stream_position)
);

create unique index events_global_position on :schema.events (global_position);

create function :schema.refuse_change_of_events() returns trigger language plpgsql as $$
begin
  raise exception 'Backstory: events are append-only, % is refused', tg_op
    using errcode = 'restrict_violation',
          hint = 'Append a correction instead: npx backstory repair --help';
end $$;

create trigger events_are_append_only before update or delete or truncate on :schema.events
  for each statement execute function :schema.refuse_change_of_events();

-- The context that the application put in front of its statement: /*backstory {"actor":"anna"}*/ insert into ...
-- Every character that could end the comment is escaped inside the JSON, so the first */ is the end of ours.
create function :schema.statement_context(statement text) returns jsonb language sql immutable as $$
  select case when left(statement, 12) = '/*backstory '
    then substr(statement, 13, strpos(statement, '*/') - 13)::jsonb end
$$;

create function :schema.fold_event(state jsonb, change "char", data json) returns jsonb
  language sql immutable parallel safe as $$
  select case change when 'u' then state || data::jsonb when 'c' then data::jsonb end
$$;

-- Of a part: what its root's events have under its path and id. An object adds or changes it, null takes it away.
create function :schema.fold_part_event(state jsonb, patch json) returns jsonb
  language sql immutable parallel safe as $$
  select case when patch::text <> 'null' then coalesce(state, '{}') || patch::jsonb end
$$;

-- select fold(change, data order by stream_position): the state after the last event, null when deleted.
create aggregate :schema.fold("char", json) (sfunc = :schema.fold_event, stype = jsonb);

create aggregate :schema.fold_part(json) (sfunc = :schema.fold_part_event, stype = jsonb);

-- Of objects in order: the later over the earlier.
create aggregate :schema.merge(jsonb) (sfunc = jsonb_concat, stype = jsonb, initcond = '{}');

-- Events of aggregates with parts, until their transaction commits. Whoever holds the end of a stream while the application goes
-- on would make it wait where it has not waited before, in a circle perhaps: so these get their positions at commit. Here they have
-- those that they would have if nobody else wrote. Unlogged, because nothing here outlives its transaction.
create unlogged table :schema.pending_events (
  transaction xid8 not null default pg_current_xact_id(),
  place bigint generated always as identity,
  stream_position bigint not null,
  recorded_at timestamptz not null default clock_timestamp(),
  schema_version smallint not null default 1,
  change "char" not null,
  -- one of those that a statement writes, to which the work at commit hangs
  first boolean not null,
  category text collate "C" not null,
  stream_id text collate "C" not null,
  type text collate "C" not null,
  data json not null,
  metadata jsonb not null default '{}',
  primary key (transaction, category, stream_id, stream_position)
);

-- What capture sees of a stream: what is committed, and what its own transaction has written.
create view :schema.visible_events as
  select category, stream_id, stream_position, change, type, data, metadata from :schema.events
  union all
  select category, stream_id, stream_position, change, type, data, metadata from :schema.pending_events
  where transaction = pg_current_xact_id();

-- 1024 locks for all names, because a transaction may touch more of them than the server has locks.
create function :schema.lock_of(name text) returns integer language sql immutable as $$ select hashtext(name) & 1023 $$;

create function :schema.kind_of_lock(what text) returns integer language sql immutable as $$
  select hashtext($name$backstory :schema $name$ || what)
$$;

-- Locks until the transaction ends: the ends of streams, while events are numbered; or the shape of aggregates, which is shared by
-- who changes what is beneath a part, and exclusive to who takes the part elsewhere. In order, so that nobody waits in a circle.
create function :schema.take_locks(what text, locks integer[], shared boolean default false) returns void language plpgsql as $$
declare
  kind constant integer := :schema.kind_of_lock(what);
  lock integer;
begin
  for lock in select distinct l from unnest(locks) l order by l loop
    if shared then perform pg_advisory_xact_lock_shared(kind, lock); else perform pg_advisory_xact_lock(kind, lock); end if;
  end loop;
end $$;

create function :schema.move_pending_events() returns void language plpgsql as $$
declare
  own constant xid8 := pg_current_xact_id();
begin
  perform :schema.take_locks('ends', (
    select array_agg(distinct :schema.lock_of(concat(p.category, '-', p.stream_id)))
    from :schema.pending_events p where p.transaction = own));
  -- a first event that somebody else, or the backfill, has written meanwhile is there once
  if exists (
    select from :schema.pending_events p
    where p.transaction = own and p.stream_position = 1 and p.change = 'c' and p.metadata @> '{"origin":"backfill"}') then
    with begun as (
      delete from :schema.pending_events p
      where p.transaction = own and p.stream_position = 1 and p.change = 'c' and p.metadata @> '{"origin":"backfill"}' returning p.*)
    insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
    select 1, b.schema_version, b.change, b.category, b.stream_id, b.type, b.data, b.metadata from begun b order by b.place
    on conflict (category, stream_id, stream_position) do nothing;
  end if;
  with pending as (delete from :schema.pending_events p where p.transaction = own returning p.*),
  numbered as (
    select p.*, row_number() over stream as number, max(p.place) over stream as rank from pending p
    window stream as (partition by p.category, p.stream_id order by p.stream_position))
  insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
  select h.position + n.number, n.schema_version, n.change, n.category, n.stream_id, n.type, n.data, n.metadata
  from numbered n
  cross join lateral (
    select coalesce(max(e.stream_position), 0) as position from :schema.events e
    where e.category = n.category and e.stream_id = n.stream_id) h
  order by n.rank, n.number;
end $$;

-- A transaction whose snapshot is older than its turn doesn't see what others have written to the stream: to the application
-- that is what it is, a failure to serialize. Most transactions write one event: that takes a third of the time of several.
create function :schema.number_pending_events() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  own constant xid8 := pg_current_xact_id();
  pending integer;
begin
  -- First by its key, for it may have been moved along with others: what was moved is still passed by in the index.
  pending := case when exists (
      select from :schema.pending_events p
      where p.transaction = own and p.category = new.category and p.stream_id = new.stream_id and p.stream_position = new.stream_position)
    then (select count(*) from (select from :schema.pending_events p where p.transaction = own limit 2) p)
    else 0 end;
  if pending = 0 then return null; end if;
  if current_setting('transaction_isolation') <> 'read committed' then
    begin
      perform :schema.move_pending_events();
    exception when unique_violation then
      raise exception 'could not serialize access due to a concurrent change of the same aggregate'
        using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
    end;
    return null;
  end if;
  if pending = 1 and not (new.stream_position = 1 and new.metadata @> '{"origin":"backfill"}') then
    delete from :schema.pending_events p
    where p.transaction = own and p.category = new.category and p.stream_id = new.stream_id and p.stream_position = new.stream_position;
    perform pg_advisory_xact_lock(:schema.kind_of_lock('ends'), :schema.lock_of(concat(new.category, '-', new.stream_id)));
    insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
    select coalesce(max(e.stream_position), 0) + 1, new.schema_version, new.change, new.category, new.stream_id, new.type, new.data, new.metadata
    from :schema.events e where e.category = new.category and e.stream_id = new.stream_id;
    return null;
  end if;
  perform :schema.move_pending_events();
  return null;
end $$;

create constraint trigger number_pending_events after insert on :schema.pending_events
  deferrable initially deferred for each row when (new.first) execute function :schema.number_pending_events();

-- also where the triggers of capture were set to fire for replicated changes
alter table :schema.pending_events enable always trigger number_pending_events;
`,
  },
  {
    id: 2,
    name: '000002-aggregates',
    sql: String.raw`
-- The tables that the application has named: aggregates and their parts, and the generated triggers that capture them.
create table :schema.aggregates (
  category text,
  -- relation path of an owned table, such as lines; empty for the aggregate's own
  part text,
  entity text not null,
  -- what the application said of it: excluded properties, names and rules of events
  options jsonb not null,
  table_schema text not null,
  table_name text not null,
  -- of the table with the triggers, and of the generated functions and triggers; null while nothing is captured
  table_oid oid,
  fingerprint text,
  installed_at timestamptz,
  primary key (category, part)
);
`,
  },
  {
    id: 3,
    name: '000003-stages',
    sql: String.raw`
-- Where each aggregate stands on its way: off, capture, shadow, replay.
create table :schema.stages (
  category text primary key,
  stage text not null check (stage in ('off', 'capture', 'shadow', 'replay')),
  -- share of the streams that reads replay; the rest of them is compared as in shadow
  replay_percent smallint not null default 0 check (replay_percent between 0 and 100),
  -- when it came into this stage; another percentage is no other stage
  changed_at timestamptz not null default now(),
  -- since when every change has been captured without a break; null while off
  captured_since timestamptz,
  check ((stage = 'replay') = (replay_percent > 0))
);

create table :schema.stage_changes (
  id bigint generated always as identity primary key,
  category text not null,
  from_stage text,
  to_stage text not null,
  -- percentages of stage replay
  from_percent smallint,
  to_percent smallint,
  changed_at timestamptz not null default now(),
  changed_by text not null,
  reason text,
  -- the conditions that stood against it and were not waited for
  overridden text[] not null default '{}'
);

create index stage_changes_of_category on :schema.stage_changes (category, id);
`,
  },
  {
    id: 4,
    name: '000004-backfills',
    sql: String.raw`
-- The backfill of each category.
create table :schema.backfills (
  category text primary key,
  -- the condition that limits it to some rows; null for all
  condition text,
  -- what somebody at another terminal wants of it: pause, stop
  wish text,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  completed_at timestamptz
);

-- How far it has come in each range of keys. The cursor moves in the transaction that writes the chunk.
create table :schema.backfill_ranges (
  category text references :schema.backfills on delete cascade,
  range integer,
  -- keys as text, in the order of the primary key's columns: of the last row seen, and of the last one of the range
  after_key jsonb,
  until_key jsonb,
  rows_seen bigint not null default 0,
  events_written bigint not null default 0,
  done boolean not null default false,
  primary key (category, range)
);
`,
  },
  {
    id: 5,
    name: '000005-drift',
    sql: String.raw`
-- What the last complete verify of each category found.
create table :schema.verifications (
  category text primary key,
  rows_compared bigint not null,
  streams_compared bigint not null,
  drifted bigint not null,
  verified_at timestamptz not null,
  -- every event that was recorded before was seen by it
  seen_until timestamptz not null
);

-- Shadow reads since the category entered its stage.
create table :schema.shadow_reads (
  category text primary key,
  compared bigint not null default 0,
  drifted bigint not null default 0,
  -- not compared because too many were waiting, or because the comparison failed
  skipped bigint not null default 0,
  failed bigint not null default 0,
  since timestamptz not null default now(),
  last_compared_at timestamptz
);

-- How often which property differed. As many rows as there are properties, whatever happens.
create table :schema.drift_counts (
  category text not null,
  found_by text not null,
  kind text not null,
  -- of a part: behind the path of its relation; empty where there is no row or no event to have properties
  property text not null,
  times bigint not null,
  first_found_at timestamptz not null default now(),
  last_found_at timestamptz not null default now(),
  primary key (category, found_by, kind, property)
);

-- Examples: streams whose replay differed from their row, and by which properties.
create table :schema.drifts (
  category text not null,
  -- by hash: an example may take the place of an earlier one, so that there are never more of them than places
  slot smallint not null,
  stream_id text not null,
  kind text not null,
  -- their names only: values may be personal data
  properties jsonb not null default '[]',
  found_by text not null,
  found_at timestamptz not null default now(),
  primary key (category, slot)
);
`,
  },
  {
    id: 6,
    name: '000006-snapshots',
    sql: String.raw`
-- States of long streams, so that a replay need not begin at the first event. A cache: nothing here is the only copy.
create table :schema.snapshots (
  stream_position bigint not null,
  -- the latest of the events up to this one
  recorded_at timestamptz not null,
  category text collate "C" not null,
  stream_id text collate "C" not null,
  -- of what folds the events: another one would fold them otherwise
  fingerprint text collate "C" not null,
  state json not null,
  taken_at timestamptz not null default now(),
  primary key (category, stream_id, fingerprint, stream_position)
);

-- Whether the transaction has written events of a category that get their positions when it commits.
create function :schema.has_pending_events(in_category text) returns boolean language sql stable as $$
  select exists (
    select from :schema.pending_events p
    where p.transaction = pg_current_xact_id_if_assigned() and p.category = in_category collate "C")
$$;

-- All that a replay of one stream needs, as one JSON text: [[position, state] of the latest snapshot or null, [events behind it]].
-- Null for a stream that isn't there. A role that may not read the snapshots gets all events: a cache is no reason to fail. A function, because its plan is kept: the same inside of a query is planned each time.
-- A generic plan, because where some streams are much longer than others, PostgreSQL would make one for each call, which takes
-- longer than to read the stream. Never from end to end, because a plan that was made for few events is kept when there are many.
create function :schema.stream_tail(in_category text, in_stream_id text, in_fingerprint text) returns text language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  kept record;
  found_events text;
  begins bigint := 0;
  head text := 'null';
  last bigint;
  pending text;
begin
  if in_fingerprint is not null and has_table_privilege($name$:schema.snapshots$name$::regclass, 'select') then
    select n.stream_position as position, n.state into kept from :schema.snapshots n
    where n.category = in_category collate "C" and n.stream_id = in_stream_id collate "C" and n.fingerprint = in_fingerprint collate "C"
    order by n.stream_position desc limit 1;
    if found then
      begins := kept.position;
      head := concat('[', kept.position, ',', kept.state, ']');
    end if;
  end if;
  select string_agg(concat('[', e.stream_position, ',"', e.change, '",', e.schema_version, ',', to_json(e.type), ',', e.data, ']'), ',')
  into found_events
  from (select v.stream_position, v.change, v.schema_version, v.type, v.data from :schema.events v
        where v.category = in_category collate "C" and v.stream_id = in_stream_id collate "C" and v.stream_position > begins
        order by v.stream_position) e;
  if pg_current_xact_id_if_assigned() is not null and :schema.has_pending_events(in_category) then
    select max(v.stream_position) into last from :schema.events v
    where v.category = in_category collate "C" and v.stream_id = in_stream_id collate "C";
    select string_agg(concat('[', coalesce(last, 0) + e.number, ',"', e.change, '",', e.schema_version, ',', to_json(e.type), ',', e.data, ']'), ',' order by e.number)
    into pending
    from (select p.*, row_number() over (order by p.stream_position) as number from :schema.pending_events p
          where p.transaction = pg_current_xact_id_if_assigned() and p.category = in_category collate "C" and p.stream_id = in_stream_id collate "C") e;
    found_events := nullif(concat_ws(',', found_events, pending), '');
  end if;
  if found_events is null and begins = 0 then return null; end if;
  return concat('[', head, ',[', found_events, ']]');
end $$;

-- The same of many streams, with one statement for all of them. Those that aren't there are left out.
create function :schema.stream_tails(in_category text, in_stream_ids text[], in_fingerprint text)
  returns table (id text, tail text) language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  -- the statement below needs the right even where it looks for nothing
  if not has_table_privilege($name$:schema.snapshots$name$::regclass, 'select') then
    return query
    select i.id, t.tail from unnest(in_stream_ids) i (id)
    cross join lateral (select :schema.stream_tail(in_category, i.id, null) as tail) t where t.tail is not null;
    return;
  end if;
  if pg_current_xact_id_if_assigned() is not null and :schema.has_pending_events(in_category) then
    return query
    select i.id, t.tail from unnest(in_stream_ids) i (id)
    cross join lateral (select :schema.stream_tail(in_category, i.id, in_fingerprint) as tail) t where t.tail is not null;
    return;
  end if;
  return query
  select i.id, concat('[', case when s.position is null then 'null' else concat('[', s.position, ',', s.state, ']') end, ',[', t.events, ']]')
  from unnest(in_stream_ids) i (id)
  left join lateral (
    select n.stream_position as position, n.state from :schema.snapshots n
    where n.category = in_category collate "C" and n.stream_id = i.id collate "C" and n.fingerprint = in_fingerprint collate "C"
    order by n.stream_position desc limit 1) s on true
  cross join lateral (
    select string_agg(concat('[', e.stream_position, ',"', e.change, '",', e.schema_version, ',', to_json(e.type), ',', e.data, ']'), ',') as events
    from (select v.stream_position, v.change, v.schema_version, v.type, v.data from :schema.events v
          where v.category = in_category collate "C" and v.stream_id = i.id collate "C" and v.stream_position > coalesce(s.position, 0)
          order by v.stream_position) e) t
  where t.events is not null or s.position is not null;
end $$;
`,
  },
  {
    id: 7,
    name: '000007-consumers',
    sql: String.raw`
-- Who gets the events, and how far each has come. One row for each partition of a consumer's streams.
create table :schema.consumers (
  name text,
  partition smallint,
  partitions smallint not null,
  -- everything up to here has been handled, but for the gaps
  position bigint not null,
  -- positions below that were missing and may still appear: [["5", "7"], ...], both ends included
  gaps jsonb not null default '[]',
  -- changes with every owner and every intervention: who has an older one can't move the checkpoint
  epoch bigint not null default 0,
  owner uuid,
  lease_until timestamptz,
  -- of the event that is being retried
  error text,
  failing_since timestamptz,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (name, partition)
) with (fillfactor = 50);

-- The processes that work for a consumer: they share its partitions.
create table :schema.consumer_workers (
  consumer text,
  worker uuid,
  host text not null,
  expires_at timestamptz not null,
  primary key (consumer, worker)
);

-- Events that a consumer could not handle, and all later ones of their streams.
create table :schema.parked_events (
  consumer text,
  global_position bigint,
  category text collate "C" not null,
  stream_id text collate "C" not null,
  -- null of one that is parked behind another
  error text,
  attempts integer not null,
  parked_at timestamptz not null default clock_timestamp(),
  failed_at timestamptz,
  -- somebody wants it tried again
  retry boolean not null default false,
  primary key (consumer, global_position)
);

create index parked_events_of_stream on :schema.parked_events (consumer, category, stream_id);

-- Who had parked events tried again. They leave parked_events when they are handled, so it is kept here.
create table :schema.retry_requests (
  id bigint generated always as identity primary key,
  consumer text not null,
  events integer not null,
  first_position bigint not null,
  last_position bigint not null,
  requested_by text not null,
  requested_at timestamptz not null default clock_timestamp()
);

create table :schema.discarded_events (
  consumer text,
  global_position bigint,
  error text,
  reason text not null,
  discarded_by text not null,
  discarded_at timestamptz not null default clock_timestamp(),
  primary key (consumer, global_position)
);

-- Which generation of each projection is read, and which one is being built beside it.
create table :schema.projections (
  name text primary key,
  live integer not null,
  next integer,
  -- it writes into tables of its own for each generation
  rebuildable boolean not null,
  changed_at timestamptz not null default clock_timestamp()
);
`,
  },
  {
    id: 8,
    name: '000008-archive',
    sql: String.raw`
-- Events that their streams can do without, because the next one tells that the entity is gone, or because a stand-in for
-- the last of them, at its place and with origin "archive", holds the whole state. Whoever asks for the past gets them from
-- here. No index on global positions: they are delivered already.
create table :schema.archived_events (
  like :schema.events including storage,
  primary key (category, stream_id, stream_position)
);

-- Up to which position a stream was archived, so that verify can tell what was archived from what is lost.
create table :schema.archived_streams (
  category text collate "C" not null,
  stream_id text collate "C" not null,
  through bigint not null,
  archived_at timestamptz not null default now(),
  primary key (category, stream_id)
);

-- Whether an event may stand for one at its place in the archive: with the whole state, or where repair has filled the gap
-- that such a one has left.
create function :schema.is_stand_in(metadata jsonb) returns boolean language sql immutable parallel safe as $$
  select coalesce(metadata ->> 'origin' = 'archive', false) or metadata ? 'filled'
$$;

-- A stand-in counts where the archive has lost what it stands for.
create view :schema.all_events as
  select e.* from :schema.events e
  where not :schema.is_stand_in(e.metadata) or not exists (
    select from :schema.archived_events a
    where a.category = e.category and a.stream_id = e.stream_id and a.stream_position = e.stream_position)
  union all select * from :schema.archived_events;

-- An event leaves the log only where the archive has it to the letter, and a stand-in only where the next event is a deletion,
-- another has taken its part, or what it stands for comes back.
create function :schema.require_archived_events() returns trigger language plpgsql as $$
declare
  kept text;
begin
  select concat(g.category, '-', g.stream_id, '@', g.stream_position) into kept
    from gone g where not exists (
      select from :schema.archived_events a
      where a.category = g.category and a.stream_id = g.stream_id and a.stream_position = g.stream_position
        and (a.global_position = g.global_position and a.data::text = g.data::text and a.metadata = g.metadata
          or :schema.is_stand_in(g.metadata) and not exists (
            select from :schema.archived_streams s
            where s.category = g.category and s.stream_id = g.stream_id and s.through = g.stream_position and not exists (
              select from :schema.events e
              where e.category = g.category and e.stream_id = g.stream_id and e.stream_position = g.stream_position + 1 and e.change = 'd'))))
    limit 1;
  if found then
    raise exception 'Backstory: events are append-only, DELETE of % is refused', kept
      using errcode = 'restrict_violation',
            hint = 'Append a correction instead, or move old events to the archive: npx backstory archive --help';
  end if;
  return null;
end $$;

drop trigger events_are_append_only on :schema.events;

create trigger events_are_append_only before update or truncate on :schema.events
  for each statement execute function :schema.refuse_change_of_events();

create trigger events_leave_for_the_archive after delete on :schema.events
  referencing old table as gone for each statement execute function :schema.require_archived_events();

-- The latest snapshot of a stream up to a version and a moment. None for a role that may not read them.
create function :schema.snapshot_until(
  in_category text, in_stream_id text, in_fingerprint text, in_version bigint, in_as_of timestamptz
) returns table (at bigint, state json) language plpgsql stable rows 1
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  if in_fingerprint is null or not has_table_privilege($name$:schema.snapshots$name$::regclass, 'select') then return; end if;
  return query
  select n.stream_position, n.state from :schema.snapshots n
  where n.category = in_category collate "C" and n.stream_id = in_stream_id collate "C" and n.fingerprint = in_fingerprint collate "C"
    and (in_version is null or n.stream_position <= in_version)
    and (in_as_of is null or n.recorded_at < in_as_of + interval '1 millisecond')
  order by n.stream_position desc limit 1;
end $$;

-- As stream_tails, up to a version and a moment, and with what is archived.
create function :schema.stream_tails_until(
  in_category text, in_stream_ids text[], in_fingerprint text, in_version bigint, in_as_of timestamptz
) returns table (id text, tail text) language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
begin
  return query
  select i.id, concat('[', case when s.at is null then 'null' else concat('[', s.at, ',', s.state, ']') end, ',[', t.events, ']]')
  from unnest(in_stream_ids) i (id)
  left join lateral :schema.snapshot_until(in_category, i.id, in_fingerprint, in_version, in_as_of) s on true
  cross join lateral (
    select string_agg(concat('[', e.stream_position, ',"', e.change, '",', e.schema_version, ',', to_json(e.type), ',', e.data, ']'), ',' order by e.stream_position) as events
    from :schema.all_events e
    where e.category = in_category collate "C" and e.stream_id = i.id collate "C" and e.stream_position > coalesce(s.at, 0)
      and (in_version is null or e.stream_position <= in_version)
      and (in_as_of is null or e.recorded_at < in_as_of + interval '1 millisecond')) t
  where t.events is not null or s.at is not null;
end $$;
`,
  },
  {
    id: 9,
    name: '000009-releases',
    sql: String.raw`
-- What is captured of a table, as the database remembers it: columns by their numbers and the names that they have in events,
-- keys, rules and names of events. Functions are made from this and from the catalogue, so that they can be made anew where the
-- application's entities are ahead of its tables, or know a table no more.
alter table :schema.aggregates add column captured jsonb;
-- The table whose rows may be replayed. Another than table_oid while a table that was made again is being settled.
alter table :schema.aggregates add column replayed_oid oid;
update :schema.aggregates set replayed_oid = table_oid;

-- The forms in which releases of the application have named an aggregate. One that is here already when it starts again
-- is an older release, or a rollback: it changes nothing of what is captured.
create table :schema.releases (
  category text,
  fingerprint text,
  first_started_at timestamptz not null default now(),
  primary key (category, fingerprint)
);

-- The value of a captured column that is not where its trigger looks for it: under its new name when it was renamed, null when it
-- was dropped. The row comes as PostgreSQL prints it, for JSON has no word for some values, such as an array's bounds. Its form is
-- that of the table that the trigger has fired on, or else of the bound one. Asked by statements between a migration and the next
-- install only.
create function :schema.moved_column(changed text, form oid, of_category text, of_part text, number smallint, is_key boolean)
  returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  bound oid := (select a.table_oid from :schema.aggregates a where a.category = of_category and a.part = of_part);
  name text := (select a.attname from pg_attribute a where a.attrelid = bound and a.attnum = number and not a.attisdropped);
  value text;
begin
  if name is not null then
    execute format(
      'select case when num_nulls(r.value) = 0 then format(''%%s'', r.value) end from (select ($1::%s).%I as value offset 0) r',
      coalesce(form, bound)::regclass, name) into value using changed;
  elsif is_key then
    raise exception 'Backstory captures %, whose key has lost a column: run "npx backstory install"', coalesce(bound::regclass::text, of_category)
      using errcode = 'object_not_in_prerequisite_state',
            hint = 'npx backstory install ends or renews its capture, and so does "await syncCapture(queryRunner)" in the migration. npx backstory stage ' || of_category || ' off ends it.';
  end if;
  return value;
end $$;
`,
  },
  {
    id: 10,
    name: '000010-proofs',
    sql: String.raw`
-- What a proof was made of: of another configuration or another table it proves nothing.
alter table :schema.verifications
  add column fingerprint text,
  -- rows that had no event at all, while the backfill wasn't complete
  add column without_event bigint not null default 0;
alter table :schema.shadow_reads add column fingerprint text;

-- The table whose rows it walks.
alter table :schema.backfills add column table_oid oid;
update :schema.backfills b set table_oid = a.table_oid
from :schema.aggregates a where a.category = b.category and a.part = '';

-- Since when shadow reads count: the change of the stage, or the last time that they were begun anew in it.
alter table :schema.stages add column compared_since timestamptz not null default now();
update :schema.stages set compared_since = changed_at;
`,
  },
  {
    id: 11,
    name: '000011-values-of-today',
    sql: String.raw`
-- A recorded value in the form of a type that it wasn't recorded with. Each form is an expression over the value's text, $1, made by
-- who asks; the first that can be computed counts, and the value itself where none can. Not for parallel workers, which
-- may not catch an error.
create function :schema.as_type(value jsonb, forms text[]) returns jsonb language plpgsql stable as $$
declare
  form text;
  result jsonb;
begin
  foreach form in array forms loop
    begin
      execute 'select ' || form into result using value #>> '{}';
      return coalesce(result, value);
    exception
      when data_exception or integrity_constraint_violation or syntax_error_or_access_rule_violation
        or feature_not_supported or program_limit_exceeded then null;
    end;
  end loop;
  return value;
end $$;
`,
  },
  {
    id: 12,
    name: '000012-statement-context',
    sql: String.raw`
-- The context that the application put in front of its statement: /*backstory {"actor":"anna"}*/ insert into ...
-- Every character that could end the comment is escaped inside the JSON, so the first */ is the end of ours. Always an
-- object: what somebody else has put there, and what is no object, is no context, and must not fail the statement.
create or replace function :schema.statement_context(statement text) returns jsonb language plpgsql immutable as $$
declare
  json constant text := case when left(statement, 12) = '/*backstory ' then substr(statement, 13, greatest(strpos(statement, '*/') - 13, 0)) end;
  context jsonb;
begin
  begin
    context := json;
  exception when others then
    context := :schema.encodable_context(json);
  end;
  if jsonb_typeof(context) is distinct from 'object' then return '{}'; end if;
  if context ? '$events' then return :schema.sound_intents(context); end if;
  return context;
end $$;

-- For a context that can't be stored as it is. A sign that the encoding of the database doesn't have stays escaped, as text:
-- it can be read and told from others, which a question mark could not. Null for what is no JSON.
create function :schema.encodable_context(context text) returns jsonb language plpgsql immutable as $$
begin
  return (
    select string_agg(
      case when t.token like E'\\\\u%' and not :schema.is_encodable(t.token) then replace(t.token, E'\\', E'\\\\') else t.token end,
      '' order by t.n)::jsonb
    from (
      select m.match[1] as token, m.n
      from regexp_matches(
        context, E'([^\\\\]+|\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\\\u[0-9a-fA-F]{4}|\\\\.)', 'g'
      ) with ordinality m (match, n)) t);
exception when others then
  return null;
end $$;

-- Of one escaped sign of JSON, or a pair of surrogates.
create function :schema.is_encodable(escaped text) returns boolean language plpgsql immutable as $$
begin
  perform concat('"', escaped, '"')::jsonb;
  return true;
exception when others then
  return false;
end $$;

-- The names that scopes give to changes, in a form that the triggers can rely on.
create function :schema.sound_intents(context jsonb) returns jsonb language plpgsql immutable as $$
begin
  if jsonb_typeof(context -> '$events') <> 'array' then return context - '$events'; end if;
  if not exists (
    select from jsonb_array_elements(context -> '$events') e
    where jsonb_typeof(e) <> 'object' or e ? 'data' and jsonb_typeof(e -> 'data') <> 'object') then return context; end if;
  return jsonb_set(context, '{$events}', coalesce((
    select jsonb_agg(case when jsonb_typeof(e -> 'data') <> 'object' then e - 'data' else e end order by n)
    from jsonb_array_elements(context -> '$events') with ordinality x (e, n) where jsonb_typeof(e) = 'object'), '[]'));
end $$;
`,
  },
  {
    id: 13,
    name: '000013-bound-tables',
    sql: String.raw`
-- An aggregate is bound to a table by its oid. A restore gives every table another one, and this table, too: so where
-- bound_in is not the oid of this very table, the oids beside it are those of the database that was dumped, and names count.
alter table :schema.aggregates add column bound_in oid;
-- The table that the functions were made for. They know its oid by heart; for any other table they ask captures().
alter table :schema.aggregates add column functions_oid oid;
update :schema.aggregates set bound_in = tableoid, functions_oid = case when fingerprint is not null then table_oid end;

create function :schema.bound_table(of_category text, of_part text) returns oid
  language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when a.bound_in = a.tableoid then a.table_oid
              else to_regclass(format('%I.%I', a.table_schema, a.table_name))::oid end
  from :schema.aggregates a where a.category = of_category and a.part = of_part
$$;

-- Whether a trigger of ours that has fired on a table writes into the streams of this aggregate: it is the bound table, or one
-- beneath it. Not so for a table that was detached, swapped or left behind with its triggers, or that somebody has hung them on.
-- While a dump is being restored (every dump switches check_function_bodies off) its events come with it.
-- Partitions are asked of the catalogue of this moment. What a transaction that sees an older one can't look up, it may write to:
-- the trigger was put there since.
create function :schema.captures(fired_on oid, of_category text, of_part text) returns boolean
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  bound constant oid := :schema.bound_table(of_category, of_part);
begin
  if bound is null then return false; end if;
  if current_setting('check_function_bodies') = 'off' and exists (
    select from :schema.aggregates a where a.category = of_category and a.part = of_part and a.bound_in is distinct from a.tableoid
  ) then return false; end if;
  if fired_on = bound or bound = any (array(select pg_partition_ancestors(fired_on)::oid)) then return true; end if;
  return exists (
      with recursive above as (
        select i.inhparent as oid from pg_inherits i where i.inhrelid = fired_on
        union select i.inhparent from above a join pg_inherits i on i.inhrelid = a.oid)
      select from above where oid = bound)
    or not exists (
      select from pg_trigger g join pg_proc p on p.oid = g.tgfoid
      where g.tgrelid = fired_on and starts_with(p.proname, 'capture_'));
end $$;

-- After a restore: the tables that the names stand for are the bound ones from now on, with columns by the numbers that they
-- have now. Returns how many categories were bound anew: 0 where nothing was restored.
create function :schema.rebind() returns bigint
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  rebound bigint;
begin
  perform from :schema.aggregates a order by a.category, a.part for update;
  update :schema.backfills b set table_oid = coalesce(:schema.bound_table(b.category, ''), 0)
  from :schema.aggregates a
  where a.category = b.category and a.part = '' and a.table_oid = b.table_oid and a.bound_in is distinct from a.tableoid;
  with restored as (
    select a.category, a.part, a.table_oid, coalesce(:schema.bound_table(a.category, a.part), 0) as oid
    from :schema.aggregates a where a.table_oid is not null and a.bound_in is distinct from a.tableoid),
  bound as (
    update :schema.aggregates a
    set table_oid = r.oid, bound_in = a.tableoid,
        replayed_oid = case when a.replayed_oid = r.table_oid then r.oid end,
        captured = case when a.captured is not null then jsonb_set(a.captured, '{columns}', coalesce((
          -- of several columns that have had a name, the newest is the one that is there
          select jsonb_agg(x.known || jsonb_build_object('number', coalesce((
            select t.attnum from pg_attribute t
            where t.attrelid = r.oid and t.attname = x.known ->> 'column' and t.attnum > 0 and not t.attisdropped and not exists (
              select from jsonb_array_elements(a.captured -> 'columns') newer
              where newer ->> 'column' = x.known ->> 'column' and (newer ->> 'number')::integer > (x.known ->> 'number')::integer)), 0))
            order by x.n)
          from jsonb_array_elements(a.captured -> 'columns') with ordinality x (known, n)), '[]')) end
    from restored r where a.category = r.category and a.part = r.part
    returning a.category)
  select count(distinct category) from bound into rebound;
  return rebound;
end $$;

-- As before. In a restored table columns have other numbers than those that the functions know, until these are made anew.
create or replace function :schema.moved_column(changed text, form oid, of_category text, of_part text, number smallint, is_key boolean)
  returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  bound oid := (select a.table_oid from :schema.aggregates a
                where a.category = of_category and a.part = of_part and a.bound_in = a.tableoid and a.functions_oid = a.table_oid);
  name text := (select a.attname from pg_attribute a where a.attrelid = bound and a.attnum = number and not a.attisdropped);
  value text;
begin
  if name is not null then
    execute format(
      'select case when num_nulls(r.value) = 0 then format(''%%s'', r.value) end from (select ($1::%s).%I as value offset 0) r',
      coalesce(form, bound)::regclass, name) into value using changed;
  elsif is_key then
    raise exception 'Backstory captures %, whose key has lost a column: run "npx backstory install"', coalesce(bound::regclass::text, of_category)
      using errcode = 'object_not_in_prerequisite_state',
            hint = 'npx backstory install ends or renews its capture, and so does "await syncCapture(queryRunner)" in the migration. npx backstory stage ' || of_category || ' off ends it.';
  end if;
  return value;
end $$;
`,
  },
  {
    id: 14,
    name: '000014-rights',
    sql: String.raw`
-- What an application's role does to the tables of the log, and no more. A verify has proven that an aggregate of this form replays
-- to its rows: they may be read by replay from now on, also parts that are owned since the streams have begun.
create function :schema.settle(of_category text, proven text) returns void
  language sql security definer set search_path = pg_catalog, pg_temp as $$
  update :schema.aggregates a set replayed_oid = a.table_oid
  where a.category = of_category and a.replayed_oid is distinct from a.table_oid and exists (
    select from :schema.verifications v
    where v.category = of_category and v.fingerprint = proven and v.drifted = 0 and v.without_event = 0)
$$;

-- The archive is as append-only as the log: what comes in is what the log has, to the letter, and nothing in it is changed.
-- While a dump comes in, its tables are filled one after the other, and this is not asked: see captures().
create function :schema.require_logged_events() returns trigger language plpgsql as $$
declare
  forged text;
begin
  if not exists (select from :schema.aggregates a where a.bound_in = a.tableoid) then return null; end if;
  select concat(n.category, '-', n.stream_id, '@', n.stream_position) into forged
    from new_events n where not exists (
      select from :schema.events e
      where e.category = n.category and e.stream_id = n.stream_id and e.stream_position = n.stream_position
        and e.global_position = n.global_position and e.recorded_at = n.recorded_at and e.change = n.change and e.type = n.type
        and e.data::text = n.data::text and e.metadata = n.metadata)
    limit 1;
  if found then
    raise exception 'Backstory: % is not what the log has, the archive refuses it', forged
      using errcode = 'restrict_violation', hint = 'Events come into the archive from the log only: npx backstory archive --help';
  end if;
  return null;
end $$;

create trigger archive_is_append_only before update or truncate on :schema.archived_events
  for each statement execute function :schema.refuse_change_of_events();

create trigger archive_takes_what_the_log_has after insert on :schema.archived_events
  referencing new table as new_events for each statement execute function :schema.require_logged_events();
`,
  },
  {
    id: 15,
    name: '000015-epochs',
    sql: String.raw`
-- A log that has lost events (a crash without synchronous_commit, a failover to a standby that was behind, recovery to a moment,
-- an older dump) gives their positions to others. Consumers outside of the database that have seen the lost ones tell them from
-- the new ones by the epoch: every event from first_position on belongs to it, up to that of the next. Events of before the first
-- row belong to the first epoch, which has no number. The number is the moment of its beginning, in microseconds since 1970:
-- unlike a count it is another one when the same older state is restored twice.
create table :schema.epochs (
  number bigint primary key,
  first_position bigint not null,
  -- the last event that was left then: a sequence goes on some positions behind it, of which lost events may have had some
  survived_position bigint not null,
  started_at timestamptz not null default clock_timestamp()
);

-- Whether this log has gone on without a break. PostgreSQL empties an unlogged table when it recovers from a crash, promotes a
-- standby, or starts from a base backup; a row that came with a dump, or a table of another incarnation, is told by its mark: the
-- transaction that wrote it, which the system column has, too. So "no row that counts" means: a new epoch begins here.
create unlogged table :schema.incarnation (
  events oid not null,
  mark xid,
  -- the end of the log when it was noticed: what has come since is behind it
  base bigint not null,
  -- null until it is known that nobody has noticed it at an earlier end
  epoch bigint
);

-- The last position that was ever given, as far as this server knows.
create function :schema.log_end() returns bigint language sql volatile security definer
  set search_path = pg_catalog, pg_temp as $$
  select greatest(
    coalesce(pg_sequence_last_value(pg_get_serial_sequence($name$:schema.events$name$, 'global_position')::regclass), 0),
    coalesce((select max(global_position) from :schema.events), 0))
$$;

-- The row's own transaction may be a subtransaction, whose number only the row tells.
create function :schema.mark_incarnation(base bigint, epoch bigint) returns void language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
declare
  own xid;
begin
  insert into :schema.incarnation (events, base, epoch) values ($name$:schema.events$name$::regclass, $1, $2) returning xmin into own;
  update :schema.incarnation i set mark = own where i.mark is null and i.xmin = own;
end $$;

revoke execute on function :schema.mark_incarnation(bigint, bigint) from public;

-- Null while a new epoch is beginning.
create function :schema.epoch_now() returns bigint language sql stable security definer
  set search_path = pg_catalog, pg_temp as $$
  select i.epoch from :schema.incarnation i
  where i.mark = i.xmin and i.events = $name$:schema.events$name$::regclass and i.epoch is not null limit 1
$$;

create function :schema.note_incarnation() returns void language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from :schema.incarnation i where i.mark = i.xmin and i.events = $name$:schema.events$name$::regclass) then
    perform :schema.mark_incarnation(:schema.log_end(), null);
  end if;
end $$;

-- For who has seen that everybody has ended who wrote events before a mark was there for all to see: the lowest mark counts.
create function :schema.begin_epoch() returns bigint language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
declare
  number bigint;
  first bigint;
begin
  perform pg_advisory_xact_lock(hashtext('backstory epoch'), hashtext($name$:schema$name$));
  number := :schema.epoch_now();
  if number is not null then return number; end if;
  select min(i.base) into first from :schema.incarnation i
    where i.mark = i.xmin and i.events = $name$:schema.events$name$::regclass;
  if first is null then return null; end if;
  number := greatest(
    (extract(epoch from clock_timestamp()) * 1000000)::bigint, (select max(e.number) + 1 from :schema.epochs e));
  insert into :schema.epochs (number, first_position, survived_position) values (
    number, first + 1, coalesce((select max(e.global_position) from :schema.events e where e.global_position <= first), 0));
  delete from :schema.incarnation;
  perform :schema.mark_incarnation(first, number);
  return number;
end $$;

create function :schema.known_epochs() returns setof :schema.epochs language sql stable security definer
  set search_path = pg_catalog, pg_temp as $$ select * from :schema.epochs order by number $$;

-- Whoever writes first notices, before it draws a position. A session looks once: it does not outlive a recovery, and forgets
-- what it has noted when its transaction is rolled back.
create function :schema.notice_incarnation() returns trigger language plpgsql as $$
begin
  if pg_catalog.current_setting('backstory.log', true) operator(pg_catalog.=) tg_relid::pg_catalog.text then return null; end if;
  perform :schema.note_incarnation();
  perform pg_catalog.set_config('backstory.log', tg_relid::pg_catalog.text, false);
  return null;
end $$;

create trigger events_notice_incarnation before insert on :schema.events
  for each statement execute function :schema.notice_incarnation();

select :schema.mark_incarnation(:schema.log_end(), 0);
`,
  },
  {
    id: 16,
    name: '000016-seals',
    sql: String.raw`
-- Evidence that events were not changed, made by a reader behind the writers. Blocks of events, each with the root of a Merkle tree
-- over its events and the hash of the block before it. The hash of a block is kept outside of this database, too: who may write here
-- could make all of this anew.
create table :schema.seal_blocks (
  number bigint primary key check (number > 0),
  -- a block holds every position from its first to its last, but for its gaps: "5-7,9"
  first_position bigint not null,
  last_position bigint not null,
  events integer not null,
  gaps text collate "C" not null,
  -- 32 bytes for each event, in the order of positions
  leaves bytea not null,
  root bytea not null,
  previous bytea not null,
  hash bytea not null,
  sealed_at timestamptz not null,
  -- when its digest was written outside
  published_at timestamptz
);

-- hashes are not compressed
alter table :schema.seal_blocks alter column leaves set storage external;

create unique index seal_blocks_last_position on :schema.seal_blocks (last_position);

create index seal_blocks_unpublished on :schema.seal_blocks (number) where published_at is null;

-- What a leaf says of an event's data and metadata: a hash that nobody can guess values for without the salt. Who erases values of
-- an event takes its salt away, too.
create table :schema.event_commitments (
  global_position bigint primary key,
  salt bytea,
  commitment bytea not null
);

-- An archived event is sealed and verified by its position, like any other.
create index archived_events_global_position on :schema.archived_events (global_position);

create function :schema.refuse_change_of_seals() returns trigger language plpgsql as $$
begin
  raise exception 'Backstory: seals are append-only, % of % is refused', tg_op, tg_table_name
    using errcode = 'restrict_violation', hint = 'Only a salt may be taken away: when values of its event are erased.';
end $$;

create trigger seals_are_append_only before delete or truncate on :schema.event_commitments
  for each statement execute function :schema.refuse_change_of_seals();

create trigger only_salts_go before update on :schema.event_commitments
  for each row when (new.salt is not null or new.commitment <> old.commitment or new.global_position <> old.global_position)
  execute function :schema.refuse_change_of_seals();

create trigger seals_are_append_only before delete or truncate on :schema.seal_blocks
  for each statement execute function :schema.refuse_change_of_seals();

create trigger blocks_stay_as_they_are before update on :schema.seal_blocks
  for each row when (row(new.number, new.hash, new.previous, new.root, new.leaves, new.gaps, new.first_position, new.last_position, new.events, new.sealed_at)
    is distinct from row(old.number, old.hash, old.previous, old.root, old.leaves, old.gaps, old.first_position, old.last_position, old.events, old.sealed_at))
  execute function :schema.refuse_change_of_seals();

-- Seals are the owner's: nobody else reads salts or writes blocks, whatever default privileges say.
revoke execute on function :schema.refuse_change_of_seals() from public;

do $$
declare
  given record;
begin
  for given in
    select c.oid::regclass as own, case when a.grantee = 0 then 'public' else a.grantee::regrole::text end as grantee
    from pg_class c cross join lateral aclexplode(c.relacl) a
    where c.oid in ($name$:schema.seal_blocks$name$::regclass, $name$:schema.event_commitments$name$::regclass) and a.grantee <> c.relowner
  loop
    execute format('revoke all on %s from %s', given.own, given.grantee);
  end loop;
end $$;
`,
  },
  {
    id: 17,
    name: '000017-erasure',
    sql: String.raw`
-- Streams of which values were erased. Verify compares them value by value, and repair doesn't bring back what is named here.
create table :schema.erasures (
  category text collate "C" not null,
  stream_id text collate "C" not null,
  -- as events name them; those of parts behind the path of their relation
  properties jsonb not null default '[]',
  erased_at timestamptz not null default now(),
  primary key (category, stream_id)
);

-- Data without the values that a tree names: {"name": null} for a property, {"lines": {"7": {"text": null}}} for one of a part.
-- They are null then, and everything else is as it was, to the letter.
create function :schema.redacted(data json, tree jsonb) returns json language plpgsql immutable as $$
begin
  return (
    select concat('{', string_agg(concat(to_json(m.key), ':', case
        when not tree ? m.key then m.value::text
        when tree -> m.key = 'null' then 'null'
        when json_typeof(m.value) = 'object' then :schema.redacted(m.value, tree -> m.key)::text
        else m.value::text end), ',' order by m.n), '}')
    from json_each(data) with ordinality m (key, value, n))::json;
end $$;

-- The values that a tree names and that are there: as they are marked in the event, and by property.
create function :schema.redacted_values(data json, tree jsonb) returns table (mark text, property text)
  language sql immutable as $$
  select m.key, m.key from json_each(data) m where tree -> m.key = 'null' and json_typeof(m.value) <> 'null'
  union all
  select concat(m.key, '.', replace(replace(r.key, '%', '%25'), '.', '%2E'), '.', p.key), concat(m.key, '.', p.key)
  from json_each(data) m
  cross join lateral json_each(
    case when json_typeof(m.value) = 'object' and jsonb_typeof(tree -> m.key) = 'object' then m.value else '{}' end) r
  cross join lateral json_each(
    case when json_typeof(r.value) = 'object' and jsonb_typeof(tree -> m.key -> r.key) = 'object' then r.value else '{}' end) p
  where tree -> m.key -> r.key -> p.key = 'null' and json_typeof(p.value) <> 'null'
$$;

-- Metadata that say of some values that they are erased.
create function :schema.with_marks(metadata jsonb, marks text[]) returns jsonb language sql immutable as $$
  select case when cardinality(marks) = 0 then metadata
    else metadata || jsonb_build_object('erased', (
      select jsonb_agg(distinct m) from (
        select unnest(marks) union all select jsonb_array_elements_text(coalesce(metadata -> 'erased', '[]'))) x (m))) end
$$;

-- Whether data differ in nothing but values that have become null.
create function :schema.is_redaction(before json, after json) returns boolean language plpgsql immutable as $$
begin
  return (
    select coalesce(bool_and(case
        when b.key is distinct from a.key then false
        when b.value::text = a.value::text or json_typeof(a.value) = 'null' then true
        when json_typeof(b.value) = 'object' and json_typeof(a.value) = 'object' then :schema.is_redaction(b.value, a.value)
        else false end), true)
    from json_each(before) with ordinality b (key, value, n)
    full join json_each(after) with ordinality a (key, value, n) using (n));
end $$;

-- As before, but for what erase_events() does, which the trigger behind it looks at.
create or replace function :schema.refuse_change_of_events() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and current_setting('backstory.erasing', true) = 'on' then return null; end if;
  raise exception 'Backstory: events are append-only, % is refused', tg_op
    using errcode = 'restrict_violation',
          hint = 'Append a correction instead: npx backstory repair --help';
end $$;

-- Nobody can write another value into an event, only take one away.
create function :schema.require_redaction() returns trigger language plpgsql as $$
begin
  if exists (
    select from before_it b full join after_it a using (global_position)
    where a.stream_position is distinct from b.stream_position or a.recorded_at is distinct from b.recorded_at
      or a.schema_version is distinct from b.schema_version or a.change is distinct from b.change
      or a.category is distinct from b.category or a.stream_id is distinct from b.stream_id or a.type is distinct from b.type
      or not :schema.is_redaction(b.data, a.data)
      or a.metadata - 'erased' - 'actor' <> b.metadata - 'erased' - 'actor'
      or not coalesce(a.metadata -> 'erased', '[]') @> coalesce(b.metadata -> 'erased', '[]')
      or a.metadata -> 'actor' is distinct from b.metadata -> 'actor' and a.metadata -> 'actor' is distinct from '"erased"'
  ) then
    raise exception 'Backstory: events are append-only, an UPDATE that does more than erase values is refused'
      using errcode = 'restrict_violation', hint = 'See npx backstory erase --help';
  end if;
  return null;
end $$;

create trigger events_change_by_erasure_alone after update on :schema.events
  referencing old table as before_it new table as after_it for each statement execute function :schema.require_redaction();

create trigger archive_changes_by_erasure_alone after update on :schema.archived_events
  referencing old table as before_it new table as after_it for each statement execute function :schema.require_redaction();

-- Erases values of one stream, in the log and in the archive, and appends an event that says so. It can do nothing else: values
-- become null, each with a mark, and an actor becomes "erased". A redaction names an event and the tree of its values:
-- {"position": 3, "archived": false, "tree": {"name": null}, "actor": false}. Where nothing of it is there any more, nothing happens.
-- Run with the row and the end of the stream locked.
create function :schema.erase_events(
  in_category text, in_stream_id text, redactions jsonb, in_type text, in_schema_version smallint, in_actor text, in_reason text
) returns table (events bigint, erased_position bigint, properties jsonb) language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
#variable_conflict use_column
declare
  positions bigint[];
  in_archive bigint[];
  named jsonb;
  placed bigint;
begin
  if exists (
    select from jsonb_array_elements(redactions) r join :schema.aggregates a on a.category = in_category
    where case when a.part = '' then exists (
          select from jsonb_array_elements_text(coalesce(a.captured -> 'key', '[]')) k where r -> 'tree' -> k = 'null')
        when r -> 'tree' ? a.part then jsonb_typeof(r -> 'tree' -> a.part) <> 'object'
          or jsonb_path_exists(r -> 'tree' -> a.part, '$.* ? (@.type() <> "object")')
        else false end) then
    raise exception 'Backstory: what tells rows apart can''t be erased' using errcode = 'restrict_violation';
  end if;
  -- who keeps a snapshot has read the events before it waits, or reads them when it has waited
  perform :schema.take_locks('erasure', array[0]);
  -- who seals reads the events before it waits, or finds them erased: no salt is kept for a value that is gone
  perform pg_advisory_xact_lock(hashtext('backstory seal'), hashtext((
    select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = $name$:schema.events$name$::regclass)));
  select coalesce(jsonb_agg(distinct p.property), '[]') into named
  from jsonb_array_elements(redactions) r
  join (
    select false as archived, e.stream_position, e.data from :schema.events e where e.category = in_category and e.stream_id = in_stream_id
    union all
    select true, e.stream_position, e.data from :schema.archived_events e where e.category = in_category and e.stream_id = in_stream_id
  ) e on e.stream_position = (r ->> 'position')::bigint and e.archived = coalesce((r ->> 'archived')::boolean, false)
  cross join lateral :schema.redacted_values(e.data, r -> 'tree') p;

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
  if events = 0 then return next; return; end if;

  update :schema.event_commitments c set salt = null
  where c.global_position = any (coalesce(positions, '{}') || coalesce(in_archive, '{}'));
  delete from :schema.snapshots n where n.category = in_category and n.stream_id = in_stream_id;
  -- an error message may have values in it
  update :schema.parked_events p set error = 'erased'
  where p.category = in_category and p.stream_id = in_stream_id and p.error is not null;
  update :schema.discarded_events d set error = 'erased'
  where d.error is not null and exists (
    select from :schema.all_events e
    where e.category = in_category and e.stream_id = in_stream_id and e.global_position = d.global_position);
  update :schema.consumers c set error = 'erased'
  where c.error is not null and exists (
    select from :schema.events e
    where e.category = in_category and e.stream_id = in_stream_id and e.global_position > c.position);

  insert into :schema.erasures as known (category, stream_id, properties) values (in_category, in_stream_id, named)
  on conflict (category, stream_id) do update set erased_at = now(), properties = (
    select coalesce(jsonb_agg(distinct p), '[]') from (
      select jsonb_array_elements(known.properties) union all select jsonb_array_elements(excluded.properties)) x (p));
  insert into :schema.events (category, stream_id, stream_position, change, schema_version, type, data, metadata)
  select in_category, in_stream_id, greatest(
      (select max(e.stream_position) from :schema.events e where e.category = in_category and e.stream_id = in_stream_id),
      (select a.through from :schema.archived_streams a where a.category = in_category and a.stream_id = in_stream_id)) + 1,
    'u', in_schema_version, in_type, '{}', jsonb_strip_nulls(jsonb_build_object(
      'origin', 'erasure', 'actor', in_actor, 'reason', in_reason,
      'erasure', jsonb_build_object('properties', named, 'events', events)))
  returning stream_position into placed;
  erased_position := placed;
  return next;
end $$;

create function :schema.redactions_of(redactions jsonb, of_archive boolean) returns table (place bigint, tree jsonb, actor boolean)
  language sql immutable as $$
  select (r ->> 'position')::bigint, r -> 'tree', coalesce((r ->> 'actor')::boolean, false)
  from jsonb_array_elements(redactions) r where coalesce((r ->> 'archived')::boolean, false) = of_archive
$$;

create function :schema.is_to_be_redacted(data json, metadata jsonb, tree jsonb, actor boolean) returns boolean
  language sql immutable as $$
  select exists (select from :schema.redacted_values(data, tree))
    or actor and metadata ? 'actor' and metadata ->> 'actor' <> 'erased' and metadata ->> 'origin' is distinct from 'erasure'
$$;

revoke execute on function :schema.erase_events(text, text, jsonb, text, smallint, text, text) from public;

-- As before. Nobody but erase_events() says that a value was erased.
create or replace function :schema.statement_context(statement text) returns jsonb language plpgsql immutable as $$
declare
  json constant text := case when left(statement, 12) = '/*backstory ' then substr(statement, 13, greatest(strpos(statement, '*/') - 13, 0)) end;
  context jsonb;
begin
  begin
    context := json;
  exception when others then
    context := :schema.encodable_context(json);
  end;
  if jsonb_typeof(context) is distinct from 'object' then return '{}'; end if;
  if context ? 'erased' then context := context - 'erased'; end if;
  if context ? '$events' then return :schema.sound_intents(context); end if;
  return context;
end $$;

-- What a reader of a stream is told of an event: behind its data the marks, where it has some.
create function :schema.event_text(stream_position bigint, change "char", schema_version smallint, type text, data json, metadata jsonb)
  returns text language sql stable as $$
  select concat('[', stream_position, ',"', change, '",', schema_version, ',', to_json(type), ',', data,
    case when metadata ? 'erased' then concat(',', metadata -> 'erased') end, ']')
$$;

-- As before, with the marks.
create or replace function :schema.stream_tail(in_category text, in_stream_id text, in_fingerprint text) returns text language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  kept record;
  found_events text;
  begins bigint := 0;
  head text := 'null';
  last bigint;
  pending text;
begin
  if in_fingerprint is not null and has_table_privilege($name$:schema.snapshots$name$::regclass, 'select') then
    select n.stream_position as position, n.state into kept from :schema.snapshots n
    where n.category = in_category collate "C" and n.stream_id = in_stream_id collate "C" and n.fingerprint = in_fingerprint collate "C"
    order by n.stream_position desc limit 1;
    if found then
      begins := kept.position;
      head := concat('[', kept.position, ',', kept.state, ']');
    end if;
  end if;
  select string_agg(:schema.event_text(e.stream_position, e.change, e.schema_version, e.type, e.data, e.metadata), ',')
  into found_events
  from (select v.stream_position, v.change, v.schema_version, v.type, v.data, v.metadata from :schema.events v
        where v.category = in_category collate "C" and v.stream_id = in_stream_id collate "C" and v.stream_position > begins
        order by v.stream_position) e;
  if pg_current_xact_id_if_assigned() is not null and :schema.has_pending_events(in_category) then
    select max(v.stream_position) into last from :schema.events v
    where v.category = in_category collate "C" and v.stream_id = in_stream_id collate "C";
    select string_agg(:schema.event_text(coalesce(last, 0) + e.number, e.change, e.schema_version, e.type, e.data, e.metadata), ',' order by e.number)
    into pending
    from (select p.*, row_number() over (order by p.stream_position) as number from :schema.pending_events p
          where p.transaction = pg_current_xact_id_if_assigned() and p.category = in_category collate "C" and p.stream_id = in_stream_id collate "C") e;
    found_events := nullif(concat_ws(',', found_events, pending), '');
  end if;
  if found_events is null and begins = 0 then return null; end if;
  return concat('[', head, ',[', found_events, ']]');
end $$;

create or replace function :schema.stream_tails(in_category text, in_stream_ids text[], in_fingerprint text)
  returns table (id text, tail text) language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  -- the statement below needs the right even where it looks for nothing
  if not has_table_privilege($name$:schema.snapshots$name$::regclass, 'select') then
    return query
    select i.id, t.tail from unnest(in_stream_ids) i (id)
    cross join lateral (select :schema.stream_tail(in_category, i.id, null) as tail) t where t.tail is not null;
    return;
  end if;
  if pg_current_xact_id_if_assigned() is not null and :schema.has_pending_events(in_category) then
    return query
    select i.id, t.tail from unnest(in_stream_ids) i (id)
    cross join lateral (select :schema.stream_tail(in_category, i.id, in_fingerprint) as tail) t where t.tail is not null;
    return;
  end if;
  return query
  select i.id, concat('[', case when s.position is null then 'null' else concat('[', s.position, ',', s.state, ']') end, ',[', t.events, ']]')
  from unnest(in_stream_ids) i (id)
  left join lateral (
    select n.stream_position as position, n.state from :schema.snapshots n
    where n.category = in_category collate "C" and n.stream_id = i.id collate "C" and n.fingerprint = in_fingerprint collate "C"
    order by n.stream_position desc limit 1) s on true
  cross join lateral (
    select string_agg(:schema.event_text(e.stream_position, e.change, e.schema_version, e.type, e.data, e.metadata), ',') as events
    from (select v.stream_position, v.change, v.schema_version, v.type, v.data, v.metadata from :schema.events v
          where v.category = in_category collate "C" and v.stream_id = i.id collate "C" and v.stream_position > coalesce(s.position, 0)
          order by v.stream_position) e) t
  where t.events is not null or s.position is not null;
end $$;

create or replace function :schema.stream_tails_until(
  in_category text, in_stream_ids text[], in_fingerprint text, in_version bigint, in_as_of timestamptz
) returns table (id text, tail text) language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
begin
  return query
  select i.id, concat('[', case when s.at is null then 'null' else concat('[', s.at, ',', s.state, ']') end, ',[', t.events, ']]')
  from unnest(in_stream_ids) i (id)
  left join lateral :schema.snapshot_until(in_category, i.id, in_fingerprint, in_version, in_as_of) s on true
  cross join lateral (
    select string_agg(:schema.event_text(e.stream_position, e.change, e.schema_version, e.type, e.data, e.metadata), ',' order by e.stream_position) as events
    from :schema.all_events e
    where e.category = in_category collate "C" and e.stream_id = i.id collate "C" and e.stream_position > coalesce(s.at, 0)
      and (in_version is null or e.stream_position <= in_version)
      and (in_as_of is null or e.recorded_at < in_as_of + interval '1 millisecond')) t
  where t.events is not null or s.at is not null;
end $$;
`,
  },
];
