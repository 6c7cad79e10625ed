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
