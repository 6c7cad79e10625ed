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
