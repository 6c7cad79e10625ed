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
