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
