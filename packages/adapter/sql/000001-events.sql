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
