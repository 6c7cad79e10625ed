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
  {
    id: 18,
    name: '000018-appended-events',
    sql: String.raw`
-- Events that the application appends itself. Their change is n, for none: no fold looks at what is in them, whatever its names.
-- Not validated: every event that is there has been checked by the constraint that this one replaces.
alter table :schema.events drop constraint events_change_check;
alter table :schema.events add constraint events_change_check check (change in ('c', 'u', 'd', 'n')) not valid;

-- Categories without a table, whose streams have nothing but appended events.
create table :schema.topics (
  category text collate "C" primary key check (category <> ''),
  declared_at timestamptz not null default now()
);

-- expected: the last position that the stream had when an event was appended under the condition that nothing came after it.
-- unguarded: of a stream to which a row that comes back may write without its turn.
alter table :schema.pending_events add column expected bigint, add column unguarded boolean not null default false;

create or replace function :schema.fold_event(state jsonb, change "char", data json) returns jsonb
  language sql immutable parallel safe as $$
  select case change when 'u' then state || data::jsonb when 'c' then data::jsonb when 'n' then state end
$$;

-- As before, where what was expected still holds.
create or replace function :schema.move_pending_events() returns void language plpgsql as $$
declare
  own constant xid8 := pg_current_xact_id();
begin
  perform :schema.take_locks('ends', (
    select array_agg(distinct :schema.lock_of(concat(p.category, '-', p.stream_id)))
    from :schema.pending_events p where p.transaction = own));
  if exists (
    select from :schema.pending_events p
    where p.transaction = own and p.expected is not null and p.expected <> (
      select coalesce(max(e.stream_position), 0) from :schema.events e where e.category = p.category and e.stream_id = p.stream_id)) then
    raise exception 'could not serialize access due to a concurrent change of the same stream'
      using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
  end if;
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

-- As before. Where a row may have come back meanwhile, whose events don't wait for a turn, what was appended goes behind them.
create or replace function :schema.number_pending_events() returns trigger language plpgsql security definer
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
  if pending = 1 and new.expected is null and not new.unguarded and not (new.stream_position = 1 and new.metadata @> '{"origin":"backfill"}') then
    delete from :schema.pending_events p
    where p.transaction = own and p.category = new.category and p.stream_id = new.stream_id and p.stream_position = new.stream_position;
    perform pg_advisory_xact_lock(:schema.kind_of_lock('ends'), :schema.lock_of(concat(new.category, '-', new.stream_id)));
    insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
    select coalesce(max(e.stream_position), 0) + 1, new.schema_version, new.change, new.category, new.stream_id, new.type, new.data, new.metadata
    from :schema.events e where e.category = new.category and e.stream_id = new.stream_id;
    return null;
  end if;
  if exists (select from :schema.pending_events p where p.transaction = own and p.unguarded) then
    loop
      begin
        perform :schema.move_pending_events();
        return null;
      exception when unique_violation then
        -- whoever was first has committed: it is seen now
      end;
    end loop;
  end if;
  perform :schema.move_pending_events();
  return null;
end $$;

-- The function that looks for the row of a stream, and writes its first event: made along with those that capture its table.
create function :schema.beginning_of(in_category text) returns text language sql stable as $$
  select 'begin_append_' || left(encode(sha256(convert_to(in_category, 'UTF8')), 'hex'), 32)
$$;

-- The context of the statement as metadata, without what is not the application's to say.
create function :schema.appended_metadata(statement text) returns jsonb language sql stable as $$
  select (case when left(statement, 12) = '/*backstory ' then :schema.statement_context(statement) else '{}' end
    - array['$events', 'erased', 'erasure', 'filled']) || '{"origin":"append"}'
$$;

-- As append_events(), in a turn that it has, or takes, for itself.
create function :schema.append_in_turn(
  in_category text, in_stream_id text, appended json, in_schema_version smallint, expected bigint, must_exist boolean
) returns table (outcome text, "position" bigint) language plpgsql as $$
#variable_conflict use_column
declare
  metadata constant jsonb := :schema.appended_metadata(current_query());
  is_serializable constant boolean := current_setting('transaction_isolation') = 'serializable';
  own constant xid8 := pg_current_xact_id();
  known record;
  has_row boolean := false;
  of_parts boolean := false;
  begun boolean := false;
  at_commit boolean := true;
  is_topic boolean := false;
  committed bigint;
  first_pending bigint;
  last_pending bigint := 0;
  seen bigint;
begin
  select a.fingerprint, coalesce((a.captured ->> 'schemaVersion')::smallint, 1::smallint) as version into known
  from :schema.aggregates a where a.category = in_category and a.part = '';
  if found then
    if known.fingerprint is null then return query select 'off', null::bigint; return; end if;
    if in_schema_version not between 1 and known.version then
      raise exception 'Backstory: "%" has no schema version %', in_category, in_schema_version using errcode = 'invalid_parameter_value';
    end if;
    -- the names that capture, backfill, repair and erasure give to events of a category are nobody else's
    if exists (
      select from :schema.aggregates a cross join json_array_elements(appended) e
      where a.category = in_category and (jsonb_path_query_array(a.captured, '$.eventTypes.*') ? (e ->> 'type')
        or jsonb_path_query_array(a.captured, '$.rules[*].type') ? (e ->> 'type'))) then
      return query select 'taken', null::bigint; return;
    end if;
    execute $call$select * from :schema.$call$ || quote_ident(:schema.beginning_of(in_category)) || '($1)'
      into has_row, of_parts, begun using in_stream_id;
    at_commit := of_parts or not has_row;
    if not has_row and not exists (
      select from :schema.visible_events v where v.category = in_category and v.stream_id = in_stream_id) then
      return query select 'missing', null::bigint; return;
    end if;
  elsif exists (select from :schema.topics t where t.category = in_category) then
    if in_schema_version <> 1 then
      raise exception 'Backstory: "%" has no schema version %', in_category, in_schema_version using errcode = 'invalid_parameter_value';
    end if;
    is_topic := true;
  else
    return query select 'unknown', null::bigint; return;
  end if;
  -- who can't look for pending events without failing for them: see docs/adr/0005
  if at_commit and is_serializable then
    perform :schema.take_locks('ends', array[:schema.lock_of(concat(in_category, '-', in_stream_id))]);
    at_commit := false;
  end if;
  select coalesce(max(e.stream_position), 0) into committed from :schema.events e where e.category = in_category and e.stream_id = in_stream_id;
  seen := committed;
  if at_commit then
    select min(p.stream_position), coalesce(max(p.stream_position), 0) into first_pending, last_pending from :schema.pending_events p
    where p.transaction = own and p.category = in_category and p.stream_id = in_stream_id;
    -- counted only where somebody else has written since the first of them
    seen := case when first_pending is null then committed
      when first_pending = committed + 1 then last_pending
      else committed + (select count(*) from :schema.pending_events p
        where p.transaction = own and p.category = in_category and p.stream_id = in_stream_id) end;
  end if;
  if expected is not null and expected <> (case when begun and expected = 0 then seen - 1 else seen end) or must_exist and seen = 0 then
    return query select 'unexpected', seen; return;
  end if;
  if at_commit then
    insert into :schema.pending_events (
      stream_position, schema_version, change, first, category, stream_id, type, data, metadata, expected, unguarded)
    select greatest(committed, last_pending) + a.n, in_schema_version, 'n', a.n = 1, in_category, in_stream_id, a.e ->> 'type', a.e -> 'data', metadata,
      case when a.n = 1 and expected is not null then committed end, not is_topic and not of_parts
    from json_array_elements(appended) with ordinality a (e, n) order by a.n;
  else
    insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
    select committed + a.n, in_schema_version, 'n', in_category, in_stream_id, a.e ->> 'type', a.e -> 'data', metadata
    from json_array_elements(appended) with ordinality a (e, n) order by a.n;
  end if;
  return query select 'appended', seen + json_array_length(appended);
end $$;

-- Appends events of the application's own to one stream, in its transaction: [{"type": "ReminderSent", "data": {}}, ...]. They change
-- nothing that a fold looks at, and bear no name that capture gives. expected: the position that the stream must end at; must_exist:
-- that it must have events. The outcome is appended, with the position of the last as this transaction sees it; unexpected, with
-- the position that the stream ends at; or taken (a type), missing (neither row nor events), off or unknown (the category). Only
-- what was appended has written something, but for the first event of a row that had none.
create function :schema.append_events(
  in_category text, in_stream_id text, appended json, in_schema_version smallint, expected bigint, must_exist boolean
) returns table (outcome text, "position" bigint) language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
begin
  if in_category is null or coalesce(in_stream_id, '') = '' or appended is null then
    return query select 'unknown', null::bigint; return;
  end if;
  -- jsonb takes less than json, and whoever compares events reads them as jsonb
  if jsonb_typeof(appended::jsonb) <> 'array' or json_array_length(appended) = 0 or exists (
    select from json_array_elements(appended) e
    where json_typeof(e) <> 'object' or coalesce(e ->> 'type', '') = '' or json_typeof(e -> 'data') is distinct from 'object') then
    raise exception 'Backstory: events are an array of {"type": "...", "data": {}}' using errcode = 'invalid_parameter_value';
  end if;
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    begin
      return query select * from :schema.append_in_turn(in_category, in_stream_id, appended, in_schema_version, expected, must_exist);
    exception when unique_violation then
      raise exception 'could not serialize access due to a concurrent change of the same stream'
        using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
    end;
  else
    return query select * from :schema.append_in_turn(in_category, in_stream_id, appended, in_schema_version, expected, must_exist);
  end if;
end $$;

revoke execute on function :schema.append_events(text, text, json, smallint, bigint, boolean) from public;

-- As before. In appended events names of keys and of parts mean nothing.
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
`,
  },
  {
    id: 19,
    name: '000019-subject-keys',
    sql: String.raw`
-- The data keys of subjects, such as customer:42, with which relays encrypt what leaves the database. A key is stored as the
-- application's key provider has wrapped it. A subject is not here yet, has a living key, or is erased for ever: an erased one never
-- gets another, so what is relayed of it later can't be read either.
create table :schema.subject_keys (
  subject text collate "C" primary key,
  state text collate "C" not null check (state in ('living', 'erased')),
  wrapped bytea,
  -- which of the provider's keys has wrapped it
  key_id text collate "C",
  -- null where it was erased before it had one
  created_at timestamptz,
  erased_at timestamptz,
  check (case state
    when 'living' then wrapped is not null and key_id is not null and created_at is not null and erased_at is null
    else wrapped is null and key_id is null and erased_at is not null end)
);

create function :schema.refuse_change_of_keys() returns trigger language plpgsql as $$
begin
  raise exception 'Backstory: % of % is refused', tg_op, tg_table_name
    using errcode = 'restrict_violation', hint = 'A key lives until its subject is erased, and never again: npx backstory erase --help';
end $$;

create trigger keys_are_not_forgotten before delete or truncate on :schema.subject_keys
  for each statement execute function :schema.refuse_change_of_keys();

create trigger keys_are_not_made_anew before update on :schema.subject_keys
  for each row when (old.state = 'erased' or new.subject <> old.subject or new.created_at is distinct from old.created_at)
  execute function :schema.refuse_change_of_keys();

-- What is known of these subjects, and of no others: those that aren't here yet are left out.
create function :schema.subject_keys_of(subjects text[]) returns table (subject text, state text, wrapped text, key_id text)
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select k.subject, k.state, encode(k.wrapped, 'hex'), k.key_id from :schema.subject_keys k where k.subject = any ($1 collate "C")
$$;

-- Keeps new keys, each of a subject that is not here yet: one that is keeps what it has. In the order of the subjects, so that
-- those who do it at the same time wait for each other, and not in a circle.
create function :schema.keep_subject_keys(subjects text[], wrapped text[], key_ids text[]) returns void
  language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into :schema.subject_keys (subject, state, wrapped, key_id, created_at)
  select n.subject, 'living', decode(n.wrapped, 'hex'), n.key_id, clock_timestamp()
  from unnest($1, $2, $3) n (subject, wrapped, key_id) order by n.subject collate "C"
  on conflict do nothing
$$;

-- Erases the keys of these subjects, also of those that have none yet. Returns those that had one.
create function :schema.destroy_subject_keys(subjects text[]) returns setof text
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  had text[];
begin
  insert into :schema.subject_keys (subject, state, erased_at)
  select n.subject, 'erased', clock_timestamp() from unnest($1) n (subject) order by n.subject collate "C"
  on conflict do nothing;
  -- those that are here and living, and whoever makes one meanwhile has waited, or is waited for
  perform from :schema.subject_keys k
  where k.subject = any ($1 collate "C") and k.state = 'living' order by k.subject for update;
  with gone as (
    update :schema.subject_keys k set state = 'erased', wrapped = null, key_id = null, erased_at = clock_timestamp()
    where k.subject = any ($1 collate "C") and k.state = 'living' returning k.subject)
  select array_agg(g.subject order by g.subject) into had from gone g;
  return query select unnest(had);
end $$;

revoke execute on function :schema.subject_keys_of(text[]) from public;
revoke execute on function :schema.keep_subject_keys(text[], text[], text[]) from public;
revoke execute on function :schema.destroy_subject_keys(text[]) from public;

-- What properties that name subjects were before events, also archived ones. Of each question the last event that says it before the
-- first position, and all that do from there to before the last one; an event that begins a stream, or takes the part away, says it,
-- too; one that the application has appended says nothing. With a version all events of earlier ones come with their data, because code may make the property of anything.
create function :schema.named_before(
  categories text[], streams text[], firsts bigint[], lasts bigint[], paths text[], ids text[], names text[], formers jsonb[], versions integer[]
) returns table (n integer, stream_position bigint, change "char", schema_version smallint, type text, value json, data json)
  language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
begin
  return query
  select q.n::integer - 1, f.*
  from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) with ordinality q (category, stream, first, last, path, id, name, former, version, n)
  cross join lateral (
    (select e.stream_position, e.change, e.schema_version, e.type, e.value, null::json
     from (
       select e.*, coalesce((case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> q.name, case when q.former is not null then (
      select (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k from jsonb_array_elements_text(q.former -> 'names') k where (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k is not null limit 1) end) as value, q.path is not null and json_typeof(case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) = 'null' as gone
       from :schema.all_events e
       where e.category = q.category collate "C" and e.stream_id = q.stream collate "C" and e.stream_position < q.first
         and e.change <> 'n') e
     where q.version = 0 and (e.change = 'c' or e.value is not null or e.gone)
     order by e.stream_position desc limit 1)
    union all
    select e.stream_position, e.change, e.schema_version, e.type, e.value, case when e.schema_version < q.version then e.data end
    from (
      select e.*, coalesce((case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> q.name, case when q.former is not null then (
      select (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k from jsonb_array_elements_text(q.former -> 'names') k where (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k is not null limit 1) end) as value, q.path is not null and json_typeof(case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) = 'null' as gone
      from :schema.all_events e
      where e.category = q.category collate "C" and e.stream_id = q.stream collate "C" and e.stream_position < q.last and e.change <> 'n'
        and e.stream_position >= case when q.version = 0 then q.first else 0 end) e
    where e.change = 'c' or e.value is not null or e.gone or e.schema_version < q.version
  ) f;
end $$;
`,
  },
  {
    id: 20,
    name: '000020-rights-of-subjects',
    sql: String.raw`
-- Keeps what is archived of a stream where it is, until the transaction ends: for who erases it without being the owner of the archive.
create function :schema.hold_archived_stream(in_category text, in_stream_id text) returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform from :schema.archived_streams where category = in_category collate "C" and stream_id = in_stream_id collate "C" for update;
end $$;

revoke execute on function :schema.hold_archived_stream(text, text) from public;

-- Whether anything was ever encrypted for a subject: nothing of whom.
create function :schema.has_subject_keys() returns boolean
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (select from :schema.subject_keys)
$$;

revoke execute on function :schema.has_subject_keys() from public;
`,
  },
  {
    id: 21,
    name: '000021-named-since',
    sql: String.raw`
-- A relay that encrypts goes through a stream from its beginning to its end. What it has found for one batch is where it begins for the next:
-- with a version of -1 - v instead of v, only events from the first position on are looked into, because those before are known.
create or replace function :schema.named_before(
  categories text[], streams text[], firsts bigint[], lasts bigint[], paths text[], ids text[], names text[], formers jsonb[], versions integer[]
) returns table (n integer, stream_position bigint, change "char", schema_version smallint, type text, value json, data json)
  language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
begin
  return query
  select q.n::integer - 1, f.*
  from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) with ordinality q (category, stream, first, last, path, id, name, former, version, n)
  cross join lateral (select case when q.version < 0 then -1 - q.version else q.version end) r (version)
  cross join lateral (
    (select e.stream_position, e.change, e.schema_version, e.type, e.value, null::json
     from (
       select e.*, coalesce((case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> q.name, case when q.former is not null then (
      select (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k from jsonb_array_elements_text(q.former -> 'names') k where (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k is not null limit 1) end) as value, q.path is not null and json_typeof(case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) = 'null' as gone
       from :schema.all_events e
       where e.category = q.category collate "C" and e.stream_id = q.stream collate "C" and e.stream_position < q.first
         and e.change <> 'n') e
     where q.version = 0 and (e.change = 'c' or e.value is not null or e.gone)
     order by e.stream_position desc limit 1)
    union all
    select e.stream_position, e.change, e.schema_version, e.type, e.value, case when e.schema_version < r.version then e.data end
    from (
      select e.*, coalesce((case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> q.name, case when q.former is not null then (
      select (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k from jsonb_array_elements_text(q.former -> 'names') k where (case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) -> k is not null limit 1) end) as value, q.path is not null and json_typeof(case when q.path is null then e.data else coalesce(e.data -> q.path, case when q.former is not null then (
      select e.data -> k from jsonb_array_elements_text(q.former -> 'paths') k where e.data -> k is not null limit 1) end) -> q.id end) = 'null' as gone
      from :schema.all_events e
      where e.category = q.category collate "C" and e.stream_id = q.stream collate "C" and e.stream_position < q.last and e.change <> 'n'
        and e.stream_position >= case when q.version > 0 then 0 else q.first end) e
    where e.change = 'c' or e.value is not null or e.gone or e.schema_version < r.version
  ) f;
end $$;
`,
  },
  {
    id: 22,
    name: '000022-commands',
    sql: String.raw`
-- The events that a command has announced for one change of one row, in place of the one that capture would have written. patch is what
-- has changed, or the whole row where it was created. Each event gets, of what has changed, the properties that it names, and beside
-- them under "$event" what the application says of it. A property that several name has its value in the last of them, and before that what they say it was
-- meanwhile: so whatever a statement announces, its events fold to the row. What none of them names is an event of its own.
create function :schema.explained_events(
  in_category text, in_stream_id text, kind "char", patch json, context jsonb, announced jsonb, residual text
) returns table (step bigint, change "char", type text, data json, metadata jsonb) language plpgsql stable strict
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
  changed constant jsonb := patch;
  found_end bigint;
begin
  select max(e.stream_position) into found_end from :schema.events e
  where e.category = in_category and e.stream_id = in_stream_id and e.stream_position > (announced ->> 'expected')::bigint
    and e.metadata ->> 'scope' is distinct from context ->> 'scope'
    -- the row as it was read
    and not (e.stream_position = 1 and e.metadata @> '{"origin":"backfill"}');
  if found_end is not null then
    raise exception 'could not serialize access due to a concurrent change of the same stream'
      using errcode = 'serialization_failure', constraint = 'backstory_expected_version', detail = concat(announced ->> 'expected', ', ', found_end),
        hint = 'The transaction might succeed if retried.';
  end if;
  return query
  with given as materialized (
    select x.n, x.e ->> 'type' as type, coalesce(x.e -> 'data', '{}') as own, coalesce(x.e -> 'meanwhile', '{}') as meanwhile,
      array(select jsonb_array_elements_text(x.e -> 'names')) as names
    from jsonb_array_elements(announced -> 'events') with ordinality x (e, n)
  ), named as materialized (
    select p.key, p.value, (select max(g.n) from given g where p.key = any (g.names)) as last from jsonb_each(changed) p
  ), told as (
    select g.n, g.type, g.own, kind = 'c' and g.n = 1 as creates, cardinality(g.names) > 0 as changes, (
        select coalesce(jsonb_object_agg(c.key, case when coalesce(c.last, 1) = g.n then c.value else coalesce(g.meanwhile -> c.key, 'null') end), '{}')
        from named c
        where case when kind = 'c' and g.n = 1 then true else c.key = any (g.names) and (c.last = g.n or g.meanwhile ? c.key) end
      ) as state
    from given g
  )
  select t.n, case when t.creates then 'c' when t.changes then 'u' else 'n' end::"char", t.type,
    case when t.creates or t.changes then case when t.own = '{}' then t.state else t.state || jsonb_build_object('$event', t.own) end else t.own end::json,
    context || '{"origin":"command"}'
  from told t
  union all
  select jsonb_array_length(announced -> 'events') + 1, 'u', residual, jsonb_object_agg(c.key, c.value)::json, context || '{"origin":"residual"}'
  from named c where c.last is null and kind <> 'c' having count(*) > 0
  order by 1;
end $$;

-- How many of the events that a command has announced behind a position are there. A function, whose plan is kept.
create function :schema.announced_count(in_category text, in_stream_id text, behind bigint, scope text) returns integer
  language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  return (select count(*) from :schema.visible_events v
    where v.category = in_category collate "C" and v.stream_id = in_stream_id collate "C" and v.stream_position > behind
      and v.metadata ->> 'scope' = scope and v.metadata ->> 'origin' = 'command');
end $$;

-- A value in the form that events have it in.
create function :schema.value_in_events(value anyelement, kind text) returns json language plpgsql stable
  set search_path = pg_catalog, pg_temp set timezone = 'UTC' set datestyle = 'ISO, YMD' set intervalstyle = 'postgres'
  set bytea_output = 'hex' set extra_float_digits = 1 set lc_monetary = 'C' as $$
begin
  if value is null then return 'null'; end if;
  if kind in ('decimal', 'text') then return to_json(format('%s', value)); end if;
  if kind in ('float4', 'float8') and format('%s', value) = '-0' then return '"-0"'; end if;
  return to_json(value);
end $$;

-- The position that the stream of a row ends at, held until the transaction ends as by an UPDATE of the row. Zero also where the row has got its first event
-- just now. Null where there is no row, and of an aggregate with parts, whose stream nobody holds before the commit.
create function :schema.hold_stream_end(in_category text, in_stream_id text) returns bigint language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  found_row boolean;
  of_parts boolean;
  begun boolean;
begin
  if not exists (select from :schema.aggregates a where a.category = in_category and a.part = '' and a.fingerprint is not null) then
    return null;
  end if;
  execute $call$select * from :schema.$call$ || quote_ident(:schema.beginning_of(in_category)) || '($1)'
    into found_row, of_parts, begun using in_stream_id;
  if not found_row or of_parts then return null; end if;
  if begun then return 0; end if;
  return (select coalesce(max(e.stream_position), 0) from :schema.events e where e.category = in_category and e.stream_id = in_stream_id);
end $$;

revoke execute on function :schema.hold_stream_end(text, text) from public;

-- What commands with an id have come to, so that the same id comes to the same again.
create table :schema.commands (
  id text collate "C" primary key check (id <> ''),
  category text collate "C" not null,
  -- Null while a command that creates is under way, and it isn't known yet.
  stream_id text collate "C",
  stream_position bigint,
  handled_at timestamptz not null default now()
);
create index on :schema.commands (handled_at);

-- Takes an id for the transaction that is open: whoever has it already, or is faster, is waited for. Null where it is taken now; else what it has come
-- to. Forgets, along the way, a few of those that are older than keep.
create function :schema.claim_command(in_id text, in_category text, keep interval)
  returns table (category text, stream_id text, stream_position bigint) language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if in_id is null or in_category is null then return; end if;
  delete from :schema.commands c where c.id in (
    select o.id from :schema.commands o where o.handled_at < now() - keep and o.id <> in_id order by o.handled_at limit 10 for update skip locked);
  insert into :schema.commands (id, category) values (in_id, in_category) on conflict do nothing;
  if not found then
    return query select c.category, c.stream_id, c.stream_position from :schema.commands c where c.id = in_id;
  end if;
end $$;

-- Says what it has come to.
create function :schema.settle_command(in_id text, in_stream_id text) returns void language sql security definer
  set search_path = pg_catalog, pg_temp as $$
  update :schema.commands c set stream_id = in_stream_id, stream_position = (
    select coalesce(max(v.stream_position), 0) from :schema.visible_events v where v.category = c.category and v.stream_id = in_stream_id)
  where c.id = in_id and c.stream_position is null
$$;

revoke execute on function :schema.claim_command(text, text, interval) from public;
revoke execute on function :schema.settle_command(text, text) from public;
`,
  },
  {
    id: 23,
    name: '000023-erased-after-the-end',
    sql: String.raw`
-- What says that values were erased of a stream is an update of its row. Of a stream that has ended it changes nothing: capture takes
-- the last change for what the row is, and began a stream anew with an update.
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
`,
  },
  {
    id: 24,
    name: '000024-stage-events',
    sql: String.raw`
-- Behind replay: commands are the way to write. Reads are replayed, all of them.
alter table :schema.stages drop constraint stages_stage_check, drop constraint stages_check;
alter table :schema.stages
  add constraint stages_stage_check check (stage in ('off', 'capture', 'shadow', 'replay', 'events')),
  add constraint stages_check check ((stage in ('replay', 'events')) = (replay_percent > 0)),
  add constraint stages_events_check check (stage <> 'events' or replay_percent = 100),
  -- Whose writes are refused that no command explains: of these roles and their members, of everybody where it is empty, of nobody where it is null. It says
  -- so in stage events only: a release that doesn't know it leaves it when it moves the aggregate.
  add column refused_roles text[];

alter table :schema.stage_changes add column refused_roles text[];

-- Whether the functions of a table ask refuses_residual(): so, if this is when they were made. A release that doesn't know of it makes them anew without.
alter table :schema.aggregates add column refusing_since timestamptz;

-- Whether what the role of this session writes to an aggregate is refused where no command explains it. A superuser is a member of what it was made
-- a member of. The current role is the owner of the trigger function that asks, so it is the role of the session that counts.
create function :schema.refuses_residual(of_category text) returns boolean language plpgsql stable as $$
declare
  refused text[];
begin
  select s.refused_roles into refused from :schema.stages s where s.category = of_category and s.stage = 'events';
  if refused is null or refused = '{}' then return refused is not null; end if;
  return exists (
    with recursive roles as (
      select r.oid, r.rolname from pg_roles r
      where r.rolname = case when current_setting('role') = 'none' then session_user else current_setting('role') end::name
      union
      select r.oid, r.rolname from roles b join pg_auth_members m on m.member = b.oid join pg_roles r on r.oid = m.roleid)
    select from roles r where r.rolname::text = any (refused));
end $$;

-- Says which way there is.
create function :schema.refuse_residual(of_category text, known_as text, of_stream text, operation text, of_table oid) returns void
  language plpgsql as $$
begin
  raise exception 'Backstory: % of %-% is refused: "%" is changed by its commands only', operation, known_as, of_stream, known_as
    using errcode = 'restrict_violation', constraint = 'backstory_residual', detail = concat(known_as, ' ', of_stream),
      schema = (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = of_table),
      table = (select c.relname from pg_class c where c.oid = of_table),
      hint = format('Write a command: backstory.handle(), or create(). To let others write again: npx backstory stage %s events --residual allow', known_as);
end $$;

-- Whether a statement with this context was sent by a command for a stream: its own change, or what triggers do to the same stream within it. Of a
-- stream that it has begun, no statement knows the name: its events have the scope.
create function :schema.is_of_command(announced jsonb, context jsonb, of_category text, of_stream text, depth integer) returns boolean
  language plpgsql stable as $$
begin
  if announced is null then return false; end if;
  if announced ? 'id' then return announced ->> 'id' = of_stream; end if;
  return depth = 1 or exists (
    select from :schema.visible_events v
    where v.category = of_category collate "C" and v.stream_id = of_stream collate "C" and v.metadata ->> 'scope' = context ->> 'scope');
end $$;
`,
  },
  {
    id: 25,
    name: '000025-command-fingerprints',
    sql: String.raw`
-- What a command was asked with, as a hash: the same id with another one is a mistake of whoever has given it.
alter table :schema.commands add column fingerprint text collate "C";

-- As the one without fingerprints, which processes of former releases go on calling.
create function :schema.claim_command(in_id text, in_category text, keep interval, in_fingerprint text)
  returns table (category text, stream_id text, stream_position bigint, fingerprint text) language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if in_id is null or in_category is null then return; end if;
  delete from :schema.commands c where c.id in (
    select o.id from :schema.commands o where o.handled_at < now() - keep and o.id <> in_id order by o.handled_at limit 10 for update skip locked);
  insert into :schema.commands (id, category, fingerprint) values (in_id, in_category, in_fingerprint) on conflict do nothing;
  if not found then
    return query select c.category, c.stream_id, c.stream_position, c.fingerprint from :schema.commands c where c.id = in_id;
  end if;
end $$;

revoke execute on function :schema.claim_command(text, text, interval, text) from public;
`,
  },
  {
    id: 26,
    name: '000026-commands-on-parts',
    sql: String.raw`
-- As before, and of a row that is deleted: the last event is the deletion, and those before it change nothing that lasts.
create or replace function :schema.explained_events(
  in_category text, in_stream_id text, kind "char", patch json, context jsonb, announced jsonb, residual text
) returns table (step bigint, change "char", type text, data json, metadata jsonb) language plpgsql stable strict
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
  changed constant jsonb := patch;
  found_end bigint;
begin
  select max(e.stream_position) into found_end from :schema.events e
  where e.category = in_category and e.stream_id = in_stream_id and e.stream_position > (announced ->> 'expected')::bigint
    and e.metadata ->> 'scope' is distinct from context ->> 'scope'
    -- the row as it was read
    and not (e.stream_position = 1 and e.metadata @> '{"origin":"backfill"}');
  if found_end is not null then
    raise exception 'could not serialize access due to a concurrent change of the same stream'
      using errcode = 'serialization_failure', constraint = 'backstory_expected_version', detail = concat(announced ->> 'expected', ', ', found_end),
        hint = 'The transaction might succeed if retried.';
  end if;
  if kind = 'd' then
    return query
    select x.n, case when x.n = jsonb_array_length(announced -> 'events') then 'd' else 'n' end::"char", x.e ->> 'type',
      case when x.n < jsonb_array_length(announced -> 'events') then coalesce(x.e -> 'data', '{}')
        when coalesce(x.e -> 'data', '{}') = '{}' then '{}'
        else jsonb_build_object('$event', x.e -> 'data') end::json,
      context || '{"origin":"command"}'
    from jsonb_array_elements(announced -> 'events') with ordinality x (e, n) order by x.n;
    return;
  end if;
  return query
  with given as materialized (
    select x.n, x.e ->> 'type' as type, coalesce(x.e -> 'data', '{}') as own, coalesce(x.e -> 'meanwhile', '{}') as meanwhile,
      array(select jsonb_array_elements_text(x.e -> 'names')) as names
    from jsonb_array_elements(announced -> 'events') with ordinality x (e, n)
  ), named as materialized (
    select p.key, p.value, (select max(g.n) from given g where p.key = any (g.names)) as last from jsonb_each(changed) p
  ), told as (
    select g.n, g.type, g.own, kind = 'c' and g.n = 1 as creates, cardinality(g.names) > 0 as changes, (
        select coalesce(jsonb_object_agg(c.key, case when coalesce(c.last, 1) = g.n then c.value else coalesce(g.meanwhile -> c.key, 'null') end), '{}')
        from named c
        where case when kind = 'c' and g.n = 1 then true else c.key = any (g.names) and (c.last = g.n or g.meanwhile ? c.key) end
      ) as state
    from given g
  )
  select t.n, case when t.creates then 'c' when t.changes then 'u' else 'n' end::"char", t.type,
    case when t.creates or t.changes then case when t.own = '{}' then t.state else t.state || jsonb_build_object('$event', t.own) end else t.own end::json,
    context || '{"origin":"command"}'
  from told t
  union all
  select jsonb_array_length(announced -> 'events') + 1, 'u', residual, jsonb_object_agg(c.key, c.value)::json, context || '{"origin":"residual"}'
  from named c where c.last is null and kind <> 'c' having count(*) > 0
  order by 1;
end $$;

-- What a command on an aggregate with parts has changed: what its pending events come to together. Every value is a leaf, under the path and id of
-- the part that it is of, both empty of the root itself. A part that is gone is a leaf without a key.
create function :schema.pending_leaves(in_category text, in_stream_id text, scope text)
  returns table (path text, id text, key text, value jsonb) language sql stable as $$
  with told as materialized (
    select p.stream_position as position, d.key, d.value, exists (
        select from :schema.aggregates a where a.category = in_category and a.part = d.key and a.part <> '') as of_parts
    from :schema.pending_events p cross join jsonb_each(p.data::jsonb) d
    where p.transaction = pg_current_xact_id() and p.category = in_category and p.stream_id = in_stream_id and p.change <> 'n'
      and p.metadata ->> 'scope' = scope
  ), patches as materialized (
    select t.position, t.key as path, x.key as id, x.value as patch from told t cross join jsonb_each(t.value) x where t.of_parts
  ), ends as materialized (
    select p.path, p.id, max(p.position) as last, max(p.position) filter (where jsonb_typeof(p.patch) = 'null') as gone from patches p group by p.path, p.id
  )
  select '', '', t.key, (array_agg(t.value order by t.position desc))[1] from told t where not t.of_parts group by t.key
  union all
  select e.path, e.id, null, null from ends e where e.last = e.gone
  union all
  select p.path, p.id, v.key, (array_agg(v.value order by p.position desc))[1]
  from patches p join ends e using (path, id) cross join jsonb_each(case when jsonb_typeof(p.patch) = 'object' then p.patch else '{}' end) v
  where p.position > coalesce(e.gone, 0) and e.last is distinct from e.gone
  group by p.path, p.id, v.key
$$;

-- Puts the events of a command in place of those that capture has written for its statements, in the transaction in which they are pending: those with the
-- scope of the statement that calls this. Each event gets, of what has changed, what it names; what none of them names is an event of its own. So
-- whatever is announced, the events fold to what was captured. announced: {"events": [{"type", "data", "names", "meanwhile", "parts": {path: {id: {"whole",
-- "names", "meanwhile"}}}}]}. expected: where the stream has to end before them, now and at commit; null for wherever it does.
--
-- The outcome is told, with what was captured; taken (a type that capture gives); off; numbered, where the events have their positions already;
-- or unknown: no aggregate with parts, or no scope.
create function :schema.explain_pending(in_category text, in_stream_id text, expected bigint, announced jsonb)
  returns table (outcome text, recorded jsonb) language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  own constant xid8 := pg_current_xact_id();
  context constant jsonb := :schema.statement_context(current_query()) - array['$events', 'erased', 'erasure', 'filled', 'movedTo', 'movedFrom'];
  in_scope constant text := context ->> 'scope';
  last_event constant bigint := jsonb_array_length(announced -> 'events');
  known record;
  committed bigint;
  pending record;
  changes text[];
  kind text;
  leaves jsonb;
  written jsonb;
  appended jsonb;
begin
  select a.fingerprint, coalesce((a.captured ->> 'schemaVersion')::smallint, 1::smallint) as version,
    coalesce(a.captured -> 'eventTypes' ->> 'updated', 'Updated') as residual into known
  from :schema.aggregates a where a.category = in_category and a.part = '';
  if not found or coalesce(in_stream_id, '') = '' or in_scope is null or coalesce(last_event, 0) = 0
    or not exists (select from :schema.aggregates a where a.category = in_category and a.part <> '') then
    return query select 'unknown', null::jsonb; return;
  end if;
  if known.fingerprint is null then return query select 'off', null::jsonb; return; end if;
  select coalesce(max(e.stream_position), 0) into committed from :schema.events e where e.category = in_category and e.stream_id = in_stream_id;
  if exists (
    select from :schema.events e
    where e.category = in_category and e.stream_id = in_stream_id and e.stream_position > coalesce(expected, 0) and e.metadata ->> 'scope' = in_scope) then
    return query select 'numbered', null::jsonb; return;
  end if;
  select min(p.stream_position) filter (where p.is_own) as first, coalesce(max(p.stream_position), committed) as last,
    count(*) filter (where not p.is_own) as others, max(p.stream_position) filter (where not p.is_own) as last_other,
    bool_or(p.stream_position = 1 and p.change = 'c' and p.metadata @> '{"origin":"backfill"}') as begun,
    max(p.schema_version) filter (where p.is_own) as version,
    array_agg(p.change::text order by p.stream_position) filter (where p.is_own and p.change in ('c', 'd')) as changes
  into pending
  from (
    select p.*, coalesce(p.metadata ->> 'scope', '') = in_scope as is_own from :schema.pending_events p
    where p.transaction = own and p.category = in_category and p.stream_id = in_stream_id) p;
  if expected is not null and (
    committed + pending.others - case when expected = 0 and pending.begun then 1 else 0 end <> expected or pending.last_other > pending.first) then
    raise exception 'could not serialize access due to a concurrent change of the same stream'
      using errcode = 'serialization_failure', constraint = 'backstory_expected_version', detail = concat(expected, ', ', committed + pending.others),
        hint = 'The transaction might succeed if retried.';
  end if;
  kind := case when pending.changes is null then 'u' when pending.changes in ('{c}', '{d}') then pending.changes[1] else 'x' end;
  select coalesce(jsonb_agg(jsonb_build_object('path', l.path, 'id', l.id, 'key', l.key, 'value', l.value)), '[]') into leaves
  from :schema.pending_leaves(in_category, in_stream_id, in_scope) l where kind <> 'd' or l.path <> '';
  recorded := jsonb_build_object('change', kind, 'leaves', leaves);
  if kind = 'x' then outcome := 'told'; return next; return; end if;

  if exists (
    select from jsonb_array_elements(announced -> 'events') with ordinality x (e, n) join :schema.aggregates a on a.category = in_category
    where coalesce(x.e -> 'names', '[]') = '[]' and coalesce(x.e -> 'parts', '{}') = '{}'
      and not (kind = 'c' and x.n = 1 or kind = 'd' and x.n = last_event)
      and (jsonb_path_query_array(a.captured, '$.eventTypes.*') ? (x.e ->> 'type') or jsonb_path_query_array(a.captured, '$.rules[*].type') ? (x.e ->> 'type'))) then
    return query select 'taken', null::jsonb; return;
  end if;

  with given as materialized (
    select x.n, x.e ->> 'type' as type, coalesce(x.e -> 'data', '{}') as own, coalesce(x.e -> 'names', '[]') as names, coalesce(x.e -> 'meanwhile', '{}') as meanwhile,
      coalesce(x.e -> 'parts', '{}') as parts
    from jsonb_array_elements(announced -> 'events') with ordinality x (e, n)
  ), mentions as materialized (
    select g.n, '' as path, '' as id, kind = 'c' and g.n = 1 as whole, g.names, g.meanwhile from given g
    union all
    select g.n, p.key, i.key, coalesce((i.value ->> 'whole')::boolean, false), coalesce(i.value -> 'names', '[]'), coalesce(i.value -> 'meanwhile', '{}')
    from given g cross join jsonb_each(g.parts) p cross join jsonb_each(p.value) i
  ), leaf as materialized (
    select l.path, l.id, l.key, coalesce(l.value, 'null') as value, (
      select max(m.n) from mentions m where m.path = l.path and m.id = l.id and (l.key is null or m.whole or m.names ? l.key)) as last
    from jsonb_to_recordset(leaves) l (path text, id text, key text, value jsonb)
  ), placed as materialized (
    select m.n, l.path, l.id, l.key, case when l.last = m.n then l.value else coalesce(m.meanwhile -> l.key, 'null') end as value
    from leaf l join mentions m on m.path = l.path and m.id = l.id
    where case when l.key is null then l.last = m.n else (m.whole or m.names ? l.key) and (l.last = m.n or m.whole or m.meanwhile ? l.key) end
    union all
    -- what is gone with a root that is gone, and else what is behind the events
    select case when kind = 'd' then last_event else last_event + 1 end, l.path, l.id, l.key, l.value from leaf l where l.last is null
  ), parts as (
    select p.n, jsonb_object_agg(p.path, p.rows) as data from (
      select r.n, r.path, jsonb_object_agg(r.id, r.state) as rows from (
        select v.n, v.path, v.id, case when bool_or(v.key is null) then 'null' else jsonb_object_agg(v.key, v.value) filter (where v.key is not null) end as state
        from placed v where v.path <> '' group by v.n, v.path, v.id) r
      group by r.n, r.path) p
    group by p.n
  ), roots as (
    select v.n, jsonb_object_agg(v.key, v.value) as data from placed v where v.path = '' group by v.n
  ), told as (
    select g.n, case when kind = 'c' and g.n = 1 then 'c' when kind = 'd' and g.n = last_event then 'd'
        when g.names <> '[]' or g.parts <> '{}' then 'u' else 'n' end as change, g.type, g.own, 'command' as origin
    from given g
    union all
    select last_event + 1, 'u', known.residual, '{}', 'residual' where exists (select from placed v where v.n > last_event)
  )
  select jsonb_agg(jsonb_build_object('change', t.change, 'type', t.type, 'origin', t.origin, 'data',
      case when t.change = 'n' then t.own
        else coalesce(r.data, '{}') || coalesce(p.data, '{}') || case when t.own = '{}' then '{}' else jsonb_build_object('$event', t.own) end end) order by t.n)
  into written
  from told t left join roots r using (n) left join parts p using (n);

  -- what triggers have appended in its statements is no change, and stays what it is, behind them
  with gone as (
    delete from :schema.pending_events p
    where p.transaction = own and p.category = in_category and p.stream_id = in_stream_id and p.metadata ->> 'scope' = in_scope returning p.*)
  select jsonb_agg(to_jsonb(g) order by g.stream_position) filter (where g.change = 'n') into appended from gone g;
  insert into :schema.pending_events (stream_position, schema_version, change, first, category, stream_id, type, data, metadata, expected)
  select coalesce(pending.first, pending.last + 1) + x.n - 1, coalesce(pending.version, known.version), (x.e ->> 'change')::"char", x.n = 1,
    in_category, in_stream_id, x.e ->> 'type', x.e -> 'data', context || jsonb_build_object('origin', x.e -> 'origin'),
    case when x.n = 1 and expected is not null then committed end
  from jsonb_array_elements(written) with ordinality x (e, n) order by x.n;
  insert into :schema.pending_events (stream_position, schema_version, change, first, category, stream_id, type, data, metadata, expected, unguarded)
  select coalesce(pending.first, pending.last + 1) + jsonb_array_length(written) + x.n - 1, (x.e ->> 'schema_version')::smallint, 'n', false,
    in_category, in_stream_id, x.e ->> 'type', x.e -> 'data', x.e -> 'metadata', (x.e ->> 'expected')::bigint, (x.e ->> 'unguarded')::boolean
  from jsonb_array_elements(appended) with ordinality x (e, n) order by x.n;
  outcome := 'told';
  return next;
end $$;

revoke execute on function :schema.explain_pending(text, text, bigint, jsonb) from public;

-- As before. What was expected of a stream, in which events are pending, is named where it doesn't hold.
create or replace function :schema.move_pending_events() returns void language plpgsql as $$
declare
  own constant xid8 := pg_current_xact_id();
  missed record;
begin
  perform :schema.take_locks('ends', (
    select array_agg(distinct :schema.lock_of(concat(p.category, '-', p.stream_id)))
    from :schema.pending_events p where p.transaction = own));
  select p.expected, h.position into missed
  from :schema.pending_events p
  cross join lateral (
    select coalesce(max(e.stream_position), 0) as position from :schema.events e where e.category = p.category and e.stream_id = p.stream_id) h
  where p.transaction = own and p.expected is not null and p.expected <> h.position limit 1;
  if found then
    raise exception 'could not serialize access due to a concurrent change of the same stream'
      using errcode = 'serialization_failure', constraint = 'backstory_expected_version', detail = concat(missed.expected, ', ', missed.position),
        hint = 'The transaction might succeed if retried.';
  end if;
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

-- As before, of the event as it is by now: a command may have put others in its place.
create or replace function :schema.number_pending_events() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  own constant xid8 := pg_current_xact_id();
  event record;
  pending integer;
begin
  -- First by its key, for it may have been moved along with others: what was moved is still passed by in the index.
  select p.* into event from :schema.pending_events p
  where p.transaction = own and p.category = new.category and p.stream_id = new.stream_id and p.stream_position = new.stream_position;
  if not found then return null; end if;
  pending := (select count(*) from (select from :schema.pending_events p where p.transaction = own limit 2) p);
  if current_setting('transaction_isolation') <> 'read committed' then
    begin
      perform :schema.move_pending_events();
    exception when unique_violation then
      raise exception 'could not serialize access due to a concurrent change of the same aggregate'
        using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
    end;
    return null;
  end if;
  if pending = 1 and event.expected is null and not event.unguarded
    and not (event.stream_position = 1 and event.metadata @> '{"origin":"backfill"}') then
    delete from :schema.pending_events p
    where p.transaction = own and p.category = new.category and p.stream_id = new.stream_id and p.stream_position = new.stream_position;
    perform pg_advisory_xact_lock(:schema.kind_of_lock('ends'), :schema.lock_of(concat(new.category, '-', new.stream_id)));
    insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
    select coalesce(max(e.stream_position), 0) + 1, event.schema_version, event.change, event.category, event.stream_id, event.type, event.data, event.metadata
    from :schema.events e where e.category = event.category and e.stream_id = event.stream_id;
    return null;
  end if;
  if exists (select from :schema.pending_events p where p.transaction = own and p.unguarded) then
    loop
      begin
        perform :schema.move_pending_events();
        return null;
      exception when unique_violation then
        -- whoever was first has committed: it is seen now
      end;
    end loop;
  end if;
  perform :schema.move_pending_events();
  return null;
end $$;

-- As before. Events that are pending have the positions behind those that are committed.
create or replace function :schema.settle_command(in_id text, in_stream_id text) returns void language sql security definer
  set search_path = pg_catalog, pg_temp as $$
  update :schema.commands c set stream_id = in_stream_id, stream_position = (
    select coalesce(max(e.stream_position), 0) from :schema.events e where e.category = c.category and e.stream_id = in_stream_id) + (
    select count(*) from :schema.pending_events p
    where p.transaction = pg_current_xact_id() and p.category = c.category and p.stream_id = in_stream_id)
  where c.id = in_id and c.stream_position is null
$$;
`,
  },
  {
    id: 27,
    name: '000027-errors-of-erased-streams',
    sql: String.raw`
-- As before, but for errors of consumers: an error of one event may name the person of another one, so that they go also where nothing
-- of the stream's own events is left to erase.
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
`,
  },
  {
    id: 28,
    name: '000028-stream-ends',
    sql: String.raw`
-- Whether the last event of a stream tells what this transaction reads of it: not where events of the category are pending, which
-- have no position yet. Not in SQL: inlined into a query, it would need the right to read them even where it doesn't look.
create function :schema.sees_stream_ends(in_category text) returns boolean language plpgsql stable as $$
begin
  return pg_current_xact_id_if_assigned() is null or not :schema.has_pending_events(in_category);
end $$;

-- Which event is the last of a stream, as this statement sees it: its position in the log, and when it was recorded, because after a
-- crash that has lost commits, or in a restored database, a position may be used once more. Whoever keeps what the events up to
-- this one come to may go on using it as long as this is the same. Null for a stream that isn't there, and where it can't be told.
create function :schema.stream_end(in_category text, in_stream_id text) returns text language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  if not :schema.sees_stream_ends(in_category) then return null; end if;
  return (
    select concat(v.global_position, '@', extract(epoch from v.recorded_at)) from :schema.events v
    where v.category = in_category collate "C" and v.stream_id = in_stream_id collate "C" order by v.stream_position desc limit 1);
end $$;

-- As stream_tails, with the end of each stream, and without the tails of those whose end is the known one at the same place of in_known:
-- what is kept of them is what there is.
create function :schema.stream_tails_unless(in_category text, in_stream_ids text[], in_known text[], in_fingerprint text)
  returns table (id text, stream_end text, tail text) language plpgsql stable
  set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  if not :schema.sees_stream_ends(in_category) then
    return query select t.id, null::text, t.tail from :schema.stream_tails(in_category, in_stream_ids, in_fingerprint) t;
    return;
  end if;
  -- the statement below needs the right even where it looks for nothing
  if not has_table_privilege($name$:schema.snapshots$name$::regclass, 'select') then
    return query
    select i.id, l.stream_end, case when l.stream_end is distinct from i.known then :schema.stream_tail(in_category, i.id, null) end
    from unnest(in_stream_ids, in_known) i (id, known)
    cross join lateral (
      select concat(v.global_position, '@', extract(epoch from v.recorded_at)) as stream_end from :schema.events v
      where v.category = in_category collate "C" and v.stream_id = i.id collate "C" order by v.stream_position desc limit 1) l;
    return;
  end if;
  return query
  select i.id, l.stream_end, case when l.stream_end is distinct from i.known
    then concat('[', case when s.position is null then 'null' else concat('[', s.position, ',', s.state, ']') end, ',[', t.events, ']]') end
  from unnest(in_stream_ids, in_known) i (id, known)
  left join lateral (
    select concat(v.global_position, '@', extract(epoch from v.recorded_at)) as stream_end from :schema.events v
    where v.category = in_category collate "C" and v.stream_id = i.id collate "C" order by v.stream_position desc limit 1) l on true
  left join lateral (
    select n.stream_position as position, n.state from :schema.snapshots n
    where n.category = in_category collate "C" and n.stream_id = i.id collate "C" and n.fingerprint = in_fingerprint collate "C"
      and l.stream_end is distinct from i.known
    order by n.stream_position desc limit 1) s on true
  cross join lateral (
    select string_agg(:schema.event_text(e.stream_position, e.change, e.schema_version, e.type, e.data, e.metadata), ',') as events
    from (select v.stream_position, v.change, v.schema_version, v.type, v.data, v.metadata from :schema.events v
          where v.category = in_category collate "C" and v.stream_id = i.id collate "C" and v.stream_position > coalesce(s.position, 0)
            and l.stream_end is distinct from i.known
          order by v.stream_position) e) t
  where t.events is not null or s.position is not null or l.stream_end = i.known;
end $$;
`,
  },
  {
    id: 29,
    name: '000029-errors-that-name-the-erased',
    sql: String.raw`
-- As before, but for errors of handlers that name the person while an event of another stream is handled: whatever text has a value that is
-- being erased goes, where the value is long enough to be meant.

-- Texts of what redacted() would take out of an event's data: of strings and numbers, and of those within JSON.
create function :schema.redacted_texts(data json, tree jsonb) returns setof text language sql immutable
  set search_path = pg_catalog, pg_temp as $$
  select distinct v.value #>> '{}'
  from (
    select m.value::jsonb as value from json_each(data) m where tree -> m.key = 'null'
    union all
    select p.value::jsonb from json_each(data) m
    cross join lateral json_each(
      case when json_typeof(m.value) = 'object' and jsonb_typeof(tree -> m.key) = 'object' then m.value else '{}' end) r
    cross join lateral json_each(
      case when json_typeof(r.value) = 'object' and jsonb_typeof(tree -> m.key -> r.key) = 'object' then r.value else '{}' end) p
    where tree -> m.key -> r.key -> p.key = 'null'
  ) erased
  cross join lateral jsonb_path_query(erased.value, 'lax $.**') v (value)
  where jsonb_typeof(v.value) in ('string', 'number') and length(v.value #>> '{}') >= 4
$$;

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
`,
  },
  {
    id: 30,
    name: '000030-untracked-ends',
    sql: String.raw`
-- Rows that were deleted without an event for each, on purpose. One row for each aggregate and transaction that has done so; its event,
-- in the category "$untracked", is at global_position. Null while the work is under way.
create table :schema.untracked_work (
  id bigint generated always as identity primary key,
  transaction xid8 not null default pg_current_xact_id(),
  began_at timestamptz not null default clock_timestamp(),
  deleted bigint,
  parts bigint,
  global_position bigint,
  category text collate "C" not null,
  reason text not null check (reason <> ''),
  metadata jsonb not null
);

create index untracked_work_transaction on :schema.untracked_work (transaction);

-- The streams that have ended that way: each behind whatever event had a global position up to its mark. It has gone on if there is one of
-- change c, or d, beyond that.
create table :schema.untracked_ends (
  work bigint not null,
  mark bigint not null,
  ended_at timestamptz not null default clock_timestamp(),
  category text collate "C" not null,
  stream_id text collate "C" not null,
  primary key (category, stream_id, mark)
);

-- Every event that is recorded from now on has a later position.
create function :schema.log_mark() returns bigint language sql volatile as $$
  select coalesce(pg_sequence_last_value(pg_get_serial_sequence($name$:schema.events$name$, 'global_position')::regclass), 0)
$$;

-- Whether a stream has ended without an event of its own, as this statement sees it: now, or as of a moment.
create function :schema.ended_untracked(in_category text, in_stream_id text, in_as_of timestamptz default null) returns boolean
  language plpgsql stable as $$
declare
  last_mark bigint;
begin
  select max(u.mark) into last_mark from :schema.untracked_ends u
  where u.category = in_category collate "C" and u.stream_id = in_stream_id collate "C"
    and (in_as_of is null or u.ended_at < in_as_of + interval '1 millisecond');
  if last_mark is null then return false; end if;
  if in_as_of is not null then
    return not exists (
      select from :schema.all_events e
      where e.category = in_category collate "C" and e.stream_id = in_stream_id collate "C" and e.change in ('c', 'd')
        and e.global_position > last_mark and e.recorded_at < in_as_of + interval '1 millisecond');
  end if;
  return not exists (
      select from :schema.events e
      where e.category = in_category collate "C" and e.stream_id = in_stream_id collate "C" and e.change in ('c', 'd')
        and e.global_position > last_mark)
    and (pg_current_xact_id_if_assigned() is null or not exists (
      select from :schema.pending_events p
      where p.transaction = pg_current_xact_id_if_assigned()
        and p.category = in_category collate "C" and p.stream_id = in_stream_id collate "C" and p.change = 'c'));
end $$;

-- The end of such a stream, as an event behind its last one. None of a stream that goes on: what has begun it anew has told its end before.
create function :schema.untracked_end(in_category text, in_stream_id text, in_as_of timestamptz)
  returns table (global_position bigint, stream_position bigint, recorded_at timestamptz, schema_version smallint, change "char",
    category text, stream_id text, type text, data json, metadata jsonb)
  language plpgsql stable rows 1 as $$
#variable_conflict use_column
begin
  if not :schema.ended_untracked(in_category, in_stream_id, in_as_of) then return; end if;
  return query
  select coalesce(w.global_position, u.mark), l.position + 1, u.ended_at, coalesce((a.captured ->> 'schemaVersion')::smallint, 1::smallint), 'd'::"char",
    in_category, in_stream_id, coalesce(a.captured #>> '{eventTypes,deleted}', 'Deleted'), '{}'::json, w.metadata
  from :schema.untracked_ends u
  join :schema.untracked_work w on w.id = u.work
  left join :schema.aggregates a on a.category = u.category and a.part = ''
  cross join lateral (
    select max(e.stream_position) as position from :schema.all_events e
    where e.category = in_category collate "C" and e.stream_id = in_stream_id collate "C"
      and (in_as_of is null or e.recorded_at < in_as_of + interval '1 millisecond')) l
  where u.category = in_category collate "C" and u.stream_id = in_stream_id collate "C" and l.position is not null
    and (in_as_of is null or u.ended_at < in_as_of + interval '1 millisecond')
  order by u.mark desc limit 1;
end $$;

-- The work that this transaction does on an aggregate without events. A setting says where it is worth to look, and can't make any.
create function :schema.untracked_work_of(in_category text) returns bigint language sql volatile as $$
  select w.id from :schema.untracked_work w
  where w.transaction = pg_current_xact_id_if_assigned() and w.category = in_category collate "C" and w.global_position is null
$$;

create function :schema.refuse_untracked(operation text, known_as text, of_table oid) returns void language plpgsql as $$
begin
  raise exception 'Backstory: % of "%" is refused in untracked(): only deletions may leave no events', operation, known_as
    using errcode = 'restrict_violation', constraint = 'backstory_untracked',
      schema = (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = of_table),
      table = (select c.relname from pg_class c where c.oid = of_table),
      hint = 'What is inserted or updated is a state that replay must know: write it in a transaction of its own.';
end $$;

-- Begins work of this transaction that deletes rows of an aggregate without an event for each. The context of the statement says who.
-- Null for an aggregate that isn't captured.
create function :schema.begin_untracked(in_category text, in_reason text) returns bigint language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
declare
  begun bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'Backstory: untracked() needs a READ COMMITTED transaction' using errcode = 'invalid_transaction_state';
  end if;
  if not exists (
    select from :schema.aggregates a where a.category = in_category collate "C" and a.part = '' and a.fingerprint is not null) then
    return null;
  end if;
  if :schema.untracked_work_of(in_category) is not null then
    raise exception 'Backstory: untracked() is under way in this transaction already' using errcode = 'invalid_transaction_state';
  end if;
  -- as whoever records events: a verify that goes on from another knows by it what may be recorded before and committed later
  lock table :schema.events in row exclusive mode;
  insert into :schema.untracked_work (category, reason, metadata)
  values (in_category, in_reason, :schema.appended_metadata(current_query()) - 'scope' || jsonb_build_object('origin', 'untracked', 'reason', in_reason))
  returning id into begun;
  perform set_config('backstory.untracked', 'on', true);
  return begun;
end $$;

-- Ends it, and appends its event. What is pending of streams that have ended has no place any more; the rest gets its positions now, since
-- what takes it to the log at the commit may be among what has gone.
create function :schema.end_untracked(in_category text, in_type text, out deleted bigint, out parts bigint, out "position" bigint)
  language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  own constant xid8 := pg_current_xact_id();
  work :schema.untracked_work;
begin
  select w.* into work from :schema.untracked_work w where w.id = :schema.untracked_work_of(in_category);
  if not found then
    raise exception 'Backstory: this transaction has no untracked work to end' using errcode = 'invalid_transaction_state';
  end if;
  with gone as (
    delete from :schema.pending_events p
    where p.transaction = own and p.category = work.category
      and exists (
        select from :schema.untracked_ends u
        where u.category = p.category and u.stream_id = p.stream_id and u.work = work.id)
      and :schema.ended_untracked(p.category, p.stream_id)
    returning p.data)
  select count(*) into parts from gone;
  parts := parts + coalesce(work.parts, 0);
  if exists (select from :schema.pending_events p where p.transaction = own) then
    perform :schema.move_pending_events();
  end if;
  deleted := coalesce(work.deleted, 0);
  -- of a kind of its own: who numbers pending events waits for others in their order
  perform pg_advisory_xact_lock(:schema.kind_of_lock('untracked'), hashtext(work.category));
  insert into :schema.events as e (category, stream_id, stream_position, change, type, data, metadata)
  select '$untracked', work.category, coalesce(max(v.stream_position), 0) + 1, 'n', in_type,
    jsonb_build_object('work', work.id::text, 'category', work.category, 'deleted', deleted), work.metadata
  from :schema.events v where v.category = '$untracked' and v.stream_id = work.category
  returning e.global_position into position;
  update :schema.untracked_work w set deleted = end_untracked.deleted, parts = end_untracked.parts, global_position = end_untracked.position
  where w.id = work.id;
  if not exists (select from :schema.untracked_work w where w.transaction = own and w.global_position is null) then
    perform set_config('backstory.untracked', 'off', true);
  end if;
end $$;

create function :schema.require_untracked_event() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from :schema.untracked_work w where w.id = new.id and w.global_position is null) then
    raise exception 'Backstory: untracked work on "%" was begun and not ended, so nothing would tell of it', new.category
      using errcode = 'restrict_violation', hint = 'Call backstory.untracked(), which begins and ends it.';
  end if;
  return null;
end $$;

create constraint trigger untracked_work_is_told after insert on :schema.untracked_work
  deferrable initially deferred for each row execute function :schema.require_untracked_event();

alter table :schema.untracked_work enable always trigger untracked_work_is_told;

-- Nobody changes what was said: it is part of the log.
create trigger untracked_ends_stay before update or delete or truncate on :schema.untracked_ends
  for each statement execute function :schema.refuse_change_of_events();

revoke execute on function :schema.begin_untracked(text, text) from public;
revoke execute on function :schema.end_untracked(text, text) from public;
revoke execute on function :schema.require_untracked_event() from public;
`,
  },
  {
    id: 31,
    name: '000031-resting-gaps',
    sql: String.raw`
-- Gaps that wait for transactions which stay open don't change from page to page, and there may be very many: they stand apart from those
-- that each page writes anew. They count only where "gaps" begins with ["resting", their name, the ids of all transactions that may fill
-- them], so that whoever sets "gaps" to something else sets the whole. A release that doesn't know of them can't read that element, and stops there.
alter table :schema.consumers add column resting_gaps jsonb not null default '[]';

create function :schema.gaps_of(in_gaps jsonb, in_resting jsonb) returns table (first bigint, last bigint) language sql immutable as $$
  select (g->>0)::bigint, (g->>1)::bigint
  from jsonb_array_elements(case when in_gaps->0->>0 = 'resting' then (in_gaps - 0) || in_resting else in_gaps end) g
$$;

-- Whether the snapshot of this query sees all of these transactions at work.
create function :schema.are_at_work(in_ids text) returns boolean language sql stable as $$
  select string_to_array(in_ids, ',') <@ array(select pg_snapshot_xip(pg_current_snapshot())::text)
$$;

-- As gaps_of, without those that rest for transactions which the snapshot of this query sees at work: nothing in these can be visible to it.
create function :schema.fillable_gaps_of(in_gaps jsonb, in_resting jsonb) returns table (first bigint, last bigint) language sql stable as $$
  select f.first, f.last from :schema.gaps_of(
    case when in_gaps->0->>0 = 'resting' and :schema.are_at_work(in_gaps->0->>2) then in_gaps - 0 else in_gaps end, in_resting) f
$$;
`,
  },
  {
    id: 32,
    name: '000032-projections-elsewhere',
    sql: String.raw`
-- A projection may live in another database. There its checkpoint says of which log it is, so that nobody moves that of another one.
alter table :schema.projections
  -- where it lives, as people call it: mariadb reporting; null in this database
  add column place text,
  add column log_key uuid not null default gen_random_uuid();
`,
  },
  {
    id: 33,
    name: '000033-pace-of-parts',
    sql: String.raw`
-- of_one_row: the event tells of one row, which says itself whose stream it belongs to. It holds whatever others have written there.
alter table :schema.pending_events add column of_one_row boolean not null default false;

-- As before, but a SERIALIZABLE transaction keeps what it has locked until it ends, and goes on to wait for rows: so it waits for nobody here
-- that might wait for it, and fails as others do in this level. PostgreSQL sees no circle of who asks again.
create or replace function :schema.take_locks(what text, locks integer[], shared boolean default false) returns void language plpgsql as $$
declare
  kind constant integer := :schema.kind_of_lock(what);
  is_serializable constant boolean := current_setting('transaction_isolation') = 'serializable';
  lock integer;
  pause double precision;
begin
  for lock in select distinct l from unnest(locks) l order by l loop
    if is_serializable then
      pause := 0.001;
      while not case when shared then pg_try_advisory_xact_lock_shared(kind, lock) else pg_try_advisory_xact_lock(kind, lock) end loop
        if pause > 0.05 then
          raise exception 'could not serialize access due to a concurrent change of the same aggregate'
            using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
        end if;
        perform pg_sleep(pause);
        pause := 2 * pause;
      end loop;
    elsif shared then
      perform pg_advisory_xact_lock_shared(kind, lock);
    else
      perform pg_advisory_xact_lock(kind, lock);
    end if;
  end loop;
end $$;

-- Whether a stream has an event at a position by now, whatever the snapshot sees: the unique index knows. Nothing stays of the try.
create function :schema.has_position(in_category text, in_stream_id text, at bigint) returns boolean language plpgsql as $$
begin
  begin
    insert into :schema.events (stream_position, change, category, stream_id, type, data)
    values (at, 'n', in_category, in_stream_id, 'Probe', '{}');
    raise exception 'free' using errcode = 'BSFRE';
  exception
    when unique_violation then return true;
    when sqlstate 'BSFRE' then return false;
  end;
end $$;

-- Where a stream ends by now. Whoever asks holds the lock of its end, and sees it end at seen: what has come since is
-- without gaps, so it is found in as many steps as its number has digits.
create function :schema.end_by_now(in_category text, in_stream_id text, seen bigint) returns bigint language plpgsql as $$
declare
  last bigint := seen;
  step bigint := 1;
begin
  while :schema.has_position(in_category, in_stream_id, last + step) loop
    last := last + step;
    step := 2 * step;
  end loop;
  while step > 1 loop
    step := step / 2;
    if :schema.has_position(in_category, in_stream_id, last + step) then last := last + step; end if;
  end loop;
  return last;
end $$;

drop function :schema.move_pending_events();

-- Gives the pending events of the transaction their positions, and moves them into the log. Whoever calls it holds the locks of the ends of
-- their streams. Each end is looked at once, however many events the stream gets. ends: of streams that end further on than the
-- snapshot sees, by [category, stream] as text; expecting, beginning: whether there are such among the events.
create function :schema.move_pending_events(ends jsonb, expecting boolean, beginning boolean) returns void language plpgsql as $$
declare
  own constant xid8 := pg_current_xact_id();
  missed record;
begin
  if expecting then
    select p.expected, h.position into missed
    from :schema.pending_events p
    cross join lateral (
      select greatest(coalesce(max(e.stream_position), 0), (ends ->> jsonb_build_array(p.category, p.stream_id)::text)::bigint) as position
      from :schema.events e where e.category = p.category and e.stream_id = p.stream_id) h
    where p.transaction = own and p.expected is not null and p.expected <> h.position limit 1;
    if found then
      raise exception 'could not serialize access due to a concurrent change of the same stream'
        using errcode = 'serialization_failure', constraint = 'backstory_expected_version', detail = concat(missed.expected, ', ', missed.position),
          hint = 'The transaction might succeed if retried.';
    end if;
  end if;
  -- a first event that somebody else, or the backfill, has written meanwhile is there once
  if beginning then
    with begun as (
      delete from :schema.pending_events p
      where p.transaction = own and p.stream_position = 1 and p.change = 'c' and p.metadata @> '{"origin":"backfill"}' returning p.*)
    insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
    select 1, b.schema_version, b.change, b.category, b.stream_id, b.type, b.data, b.metadata from begun b
    where not coalesce(ends ? jsonb_build_array(b.category, b.stream_id)::text, false)
    order by b.place
    on conflict (category, stream_id, stream_position) do nothing;
  end if;
  with pending as (delete from :schema.pending_events p where p.transaction = own returning p.*),
  numbered as (
    select p.*, row_number() over stream as number, max(p.place) over stream as rank from pending p
    window stream as (partition by p.category, p.stream_id order by p.stream_position)),
  placed as (
    select n.*, max(case when n.number = 1 then greatest((
          select coalesce(max(e.stream_position), 0) from :schema.events e where e.category = n.category and e.stream_id = n.stream_id
        ), (ends ->> jsonb_build_array(n.category, n.stream_id)::text)::bigint) end) over (partition by n.category, n.stream_id) as ended
    from numbered n)
  insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
  select n.ended + n.number, n.schema_version, n.change, n.category, n.stream_id, n.type, n.data, n.metadata
  from placed n order by n.rank, n.number;
end $$;

-- The same before the commit, in a READ COMMITTED transaction that can't leave it to the commit.
create function :schema.move_pending_events() returns void language plpgsql as $$
declare
  own constant xid8 := pg_current_xact_id();
  pending record;
begin
  select count(*) as events, array_agg(distinct :schema.lock_of(concat(p.category, '-', p.stream_id))) as locks,
    bool_or(p.expected is not null) as expecting, bool_or(p.unguarded) as unguarded,
    bool_or(p.stream_position = 1 and p.change = 'c' and p.metadata @> '{"origin":"backfill"}') as beginning
  into pending from :schema.pending_events p where p.transaction = own;
  if pending.events = 0 then return; end if;
  perform :schema.take_locks('ends', pending.locks);
  loop
    begin
      perform :schema.move_pending_events(null, pending.expecting, pending.beginning);
      return;
    exception when unique_violation then
      -- whoever was first has committed: it is seen now
      if not pending.unguarded then raise; end if;
    end;
  end loop;
end $$;

-- The same in a transaction whose snapshot may be older than its turn, and does not see what others have written to the streams. What
-- tells of one row, which this transaction has locked, is true behind it; anything else may have been made of what has changed since.
create function :schema.move_behind_unseen(expecting boolean, beginning boolean) returns void language plpgsql as $$
declare
  own constant xid8 := pg_current_xact_id();
  stream record;
  found_end bigint;
  ends jsonb := '{}';
begin
  -- An end that was archived since is no end, and what is behind it can't be told from nothing: PostgreSQL refuses to lock it.
  perform from (select distinct p.category, p.stream_id from :schema.pending_events p where p.transaction = own) s
  cross join lateral (
    select e.stream_position from :schema.events e where e.category = s.category and e.stream_id = s.stream_id
    order by e.stream_position desc limit 1 for key share) e;
  begin
    perform :schema.move_pending_events(null, expecting, beginning);
    return;
  exception when unique_violation or serialization_failure then
    -- as before it: nothing was moved
  end;
  for stream in
    select s.*, h.position from (
      select p.category, p.stream_id, bool_and(p.of_one_row or p.stream_position = 1 and p.change = 'c' and p.metadata @> '{"origin":"backfill"}') as of_rows
      from :schema.pending_events p where p.transaction = own group by p.category, p.stream_id) s
    cross join lateral (
      select coalesce(max(e.stream_position), 0) as position from :schema.events e where e.category = s.category and e.stream_id = s.stream_id) h
  loop
    found_end := :schema.end_by_now(stream.category, stream.stream_id, stream.position);
    if found_end > stream.position then
      if not stream.of_rows then
        raise exception 'could not serialize access due to a concurrent change of the same aggregate'
          using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
      end if;
      ends := ends || jsonb_build_object(jsonb_build_array(stream.category, stream.stream_id)::text, found_end);
    end if;
  end loop;
  perform :schema.move_pending_events(ends, expecting, beginning);
exception when unique_violation then
  raise exception 'could not serialize access due to a concurrent change of the same aggregate'
    using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
end $$;

-- As before, with one look at all that is pending.
create or replace function :schema.number_pending_events() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
declare
  own constant xid8 := pg_current_xact_id();
  event record;
  pending record;
begin
  -- First by its key, for it may have been moved along with others: what was moved is still passed by in the index.
  select p.* into event from :schema.pending_events p
  where p.transaction = own and p.category = new.category and p.stream_id = new.stream_id and p.stream_position = new.stream_position;
  if not found then return null; end if;
  select count(*) as events, array_agg(distinct :schema.lock_of(concat(p.category, '-', p.stream_id))) as locks,
    bool_or(p.expected is not null) as expecting, bool_or(p.unguarded) as unguarded,
    bool_or(p.stream_position = 1 and p.change = 'c' and p.metadata @> '{"origin":"backfill"}') as beginning
  into pending from :schema.pending_events p where p.transaction = own;
  perform :schema.take_locks('ends', pending.locks);
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform :schema.move_behind_unseen(pending.expecting, pending.beginning);
    return null;
  end if;
  if pending.events = 1 and not pending.expecting and not pending.unguarded and not pending.beginning then
    delete from :schema.pending_events p
    where p.transaction = own and p.category = new.category and p.stream_id = new.stream_id and p.stream_position = new.stream_position;
    insert into :schema.events (stream_position, schema_version, change, category, stream_id, type, data, metadata)
    select coalesce(max(e.stream_position), 0) + 1, event.schema_version, event.change, event.category, event.stream_id, event.type, event.data, event.metadata
    from :schema.events e where e.category = event.category and e.stream_id = event.stream_id;
    return null;
  end if;
  while pending.unguarded loop
    begin
      perform :schema.move_pending_events(null, pending.expecting, pending.beginning);
      return null;
    exception when unique_violation then
      -- whoever was first has committed: it is seen now
    end;
  end loop;
  perform :schema.move_pending_events(null, pending.expecting, pending.beginning);
  return null;
end $$;
`,
  },
  {
    id: 34,
    name: '000034-capture-failures',
    sql: String.raw`
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
`,
  },
];
